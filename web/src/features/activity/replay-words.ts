import type { Difference } from "@/lib/api-types";
import { humanize } from "@/lib/format";

/** How a run ended, in a replay's words. */
export const ENDINGS: Record<string, string> = {
  succeeded: "Succeeded",
  failed: "Failed",
  try_again: "Asked to be tried again",
};

/** What a run would have done. */
export const DEED_KINDS: Record<string, string> = {
  write: "Kept",
  effect: "Sent",
  notification: "Told you",
  appointment: "Planned",
};

/** Where the answer to a call came from. */
export const CALL_ANSWERS: Record<string, string> = {
  journal: "Answered from the recording.",
  elsewhere: "Answered from the recording, where it stands at another place.",
  not_kept: "Its answer is no longer kept: the plugin was told that nobody can be reached.",
  not_recorded: "It was not asked then: the plugin was told that nobody can be reached.",
};

const KINDS: Record<string, string> = {
  outcome: "How it ended",
  call: "What it asked for",
  read: "What it read",
  write: "What it kept",
  effect: "What it sent",
  notification: "What it told you",
  appointment: "What it planned",
  log: "What it wrote down",
};

/** What is other than then: of what kind, and which of them. */
export function differenceTitle({ kind, at }: Difference): string {
  const title = KINDS[kind] ?? humanize(kind);
  if (kind === "outcome" || at === "") return title;
  return /^\d+$/.test(at) ? `${title}, no. ${at}` : `${title}: ${at}`;
}
