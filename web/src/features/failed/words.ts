import type { DeadLetter, DeadLetterKind } from "@/lib/api-types";
import { humanize } from "@/lib/format";

/** What kinds of things fail: as a filter says it, and as one of them is called. */
export const KINDS: Record<DeadLetterKind, { filter: string; one: string }> = {
  execution: { filter: "Runs of plugins", one: "Run of a plugin" },
  effect: { filter: "What could not be sent", one: "Could not be sent" },
  delivery: { filter: "What was not understood", one: "Not understood" },
};

/** Reasons that the filter offers, by whose they are. Others are offered where the list has them. */
export const REASONS: Record<string, Record<string, string>> = {
  Plugins: {
    handler_failed: "The plugin said that it failed",
    trapped: "Crashed",
    invalid_input: "Could not use its input",
    capability_denied: "Was not allowed to",
    plugin_not_enabled: "The plugin was off",
    plugin_missing: "The plugin is gone",
    circle: "Went round in a circle",
  },
  Limits: {
    fuel_exhausted: "Used up its computing time",
    memory_exceeded: "Ran out of memory",
    time_exceeded: "Took too long",
    storage_quota: "Its storage was full",
    output_too_large: "Its answer was too large",
  },
  Gateways: {
    gateway_unauthorized: "Credentials were refused",
    gateway_unavailable: "Could not be reached",
    gateway_timed_out: "Did not answer in time",
    gateway_outcome_unknown: "Not known whether it was done",
    gateway_rate_limited: "Too many requests",
    gateway_rejected: "The provider refused",
    gateway_invalid_argument: "Made no sense to the provider",
    gateway_unsupported: "The gateway can not do that",
    gateway_not_bound: "The gateway was not the plugin's",
    delivery_not_decoded: "Was not understood",
  },
  "2Bot": {
    platform_failed: "2Bot failed",
    process_died: "2Bot ended while it ran",
  },
};

const KNOWN = new Set(Object.values(REASONS).flatMap((group) => Object.keys(group)));

/** Reasons that some items have and the filter does not offer by itself: codes with their titles. */
export function otherReasons(items: DeadLetter[], chosen?: string): [string, string][] {
  const others = new Map(items.map(({ reason }) => [reason.code, reason.title]));
  if (chosen && !others.has(chosen)) others.set(chosen, humanize(chosen));
  return [...others].filter(([code]) => !KNOWN.has(code));
}

/** Whose it is: the plugin, or the gateway of a delivery. */
export function failedTitle({ plugin, gateway }: DeadLetter): string {
  return plugin?.name ?? gateway?.name ?? "2Bot";
}

/** What failed, after the title. */
export function failedWhat({ kind, what, gateway }: DeadLetter): string {
  if (kind === "delivery") return "A delivery that was not understood";
  if (kind === "effect") return gateway ? `${humanize(what)} to ${gateway.name}` : humanize(what);
  return gateway ? `${humanize(what)} on ${gateway.name}` : humanize(what);
}

/** What running it again means, in the words of its kind. */
export const RETRY_MEANS: Record<DeadLetterKind, string> = {
  execution:
    "Run again, the plugin gets the same event once more. What it had already done, such as sent a message or asked a model, is not done again.",
  effect: "Run again, it is sent once more, as the plugin asked for it.",
  delivery: "Run again, the gateway tries once more to understand it.",
};

/** What the payload of each kind is. */
export const PAYLOAD_TITLES: Record<DeadLetterKind, string> = {
  execution: "What would be run",
  effect: "What would be sent",
  delivery: "What came in",
};

export const CORRECTION_MEANS =
  "It gets what you write here instead. What it then asks for in the same words is not asked again.";

/** Whose doing a failure was. */
export const FAULTS: Record<"plugin" | "platform" | "workspace", string> = {
  plugin: "The plugin’s",
  platform: "2Bot’s",
  workspace: "A limit or setting of your workspace",
};
