import type { AuditOutcome, Day } from "@/lib/api-types";
import { isDay } from "@/lib/days";

export interface AuditFilter {
  /** An area such as `plugin`, or an action such as `plugin.install`. */
  action?: string;
  /** The id of a person or of a plugin's install. */
  actor?: string;
  outcome?: AuditOutcome;
  from?: Day;
  to?: Day;
}

const OUTCOMES: readonly unknown[] = ["success", "denied", "failure"];
const ACTION = /^[a-z_]+(\.[a-z_]+)?$/;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Keeps what is a filter in an address, and drops the rest. */
export function readAuditFilter({ action, actor, outcome, from, to }: Record<string, unknown>): AuditFilter {
  return {
    ...(typeof action === "string" && ACTION.test(action) && { action }),
    ...(typeof actor === "string" && UUID.test(actor) && { actor }),
    ...(OUTCOMES.includes(outcome) && { outcome: outcome as AuditOutcome }),
    ...(isDay(from) && { from }),
    ...(isDay(to) && !(isDay(from) && from > to) && { to }),
  };
}
