import type { Install } from "@/lib/api-types";
import { humanize } from "@/lib/format";

const EVENTS: Record<string, string> = {
  message: "new messages",
  message_edited: "edited messages",
  message_deleted: "deleted messages",
  callback: "pressed buttons",
  member_changed: "people joining and leaving",
  join_requested: "requests to join",
  reaction_changed: "reactions",
  poll_changed: "polls",
  poll_answered: "poll answers",
  provider: "events of one provider only",
};

export function eventWords(kind: string): string {
  return EVENTS[kind.replaceAll("-", "_")] ?? humanize(kind).toLowerCase();
}

export const INSTALL_STATES: Record<
  Install["state"],
  { label: string; tone: "success" | "neutral" | "warning" }
> = {
  enabled: { label: "Enabled", tone: "success" },
  disabled: { label: "Disabled", tone: "neutral" },
  paused: { label: "Paused", tone: "warning" },
};
