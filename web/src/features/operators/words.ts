import type { BadgeTone } from "@/components/ui/badge";
import type { AuditCheck, MailState, Workspace } from "@/lib/api-types";
import { plural } from "@/lib/format";

export const STATES: Record<Workspace["state"], { label: string; tone: BadgeTone }> = {
  running: { label: "Running", tone: "success" },
  stopped: { label: "Stopped", tone: "neutral" },
  suspended: { label: "Suspended", tone: "danger" },
};

export const MAILS: Record<MailState, { label: string; tone: BadgeTone }> = {
  waiting: { label: "Waiting", tone: "warning" },
  sent: { label: "Sent", tone: "success" },
  shown: { label: "Not sent", tone: "neutral" },
  failed: { label: "Given up", tone: "danger" },
};

/** What a check of an audit log found. */
export function checkWords({ sound, broken_at, fault }: AuditCheck): string {
  const row = String(broken_at);
  if (fault === null) return `${plural(sound, "row")}, all as they were written.`;
  if (fault === "changed") return `Row ${row} was changed behind the server's back.`;
  if (fault === "end") return `Rows are missing at the end, after row ${sound}.`;
  return `A row before row ${row} is missing, or row ${row} was put in.`;
}
