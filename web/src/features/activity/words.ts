import type { BadgeTone } from "@/components/ui/badge";
import type { Effect, Execution, ExecutionState } from "@/lib/api-types";
import { humanize } from "@/lib/format";

export const EXECUTION_STATES: Record<ExecutionState, { label: string; tone: BadgeTone }> = {
  waiting: { label: "Waiting", tone: "neutral" },
  running: { label: "Running", tone: "brand" },
  succeeded: { label: "Succeeded", tone: "success" },
  failed: { label: "Failed", tone: "danger" },
};

export const EFFECT_STATES: Record<Effect["state"], { label: string; tone: BadgeTone }> = {
  waiting: { label: "Waiting", tone: "neutral" },
  sent: { label: "Sent", tone: "success" },
  failed: { label: "Failed", tone: "danger" },
};

/** What ran, in a few words. */
export function executionTitle(execution: Execution): string {
  if (execution.plugin) return execution.plugin.name;
  if (execution.gateway) return execution.gateway.name;
  return humanize(execution.event_kind);
}

/** Why it ran. */
export function executionCause(execution: Execution): string {
  if (execution.trigger === "schedule") return "Scheduled";
  if (execution.trigger === "action") return "Started by hand";
  const kind = humanize(execution.event_kind);
  return execution.gateway && execution.plugin ? `${kind} on ${execution.gateway.name}` : kind;
}
