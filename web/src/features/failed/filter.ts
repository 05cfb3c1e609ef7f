import type { DeadLetterFilter } from "@/api/get-dead-letter-count";
import type { DeadLetterKind } from "@/lib/api-types";

const KINDS: readonly unknown[] = ["execution", "delivery", "effect"];
const WORD = /^[a-z\d][a-z\d_-]{0,63}$/;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Keeps what is a filter in an address, and drops the rest. */
export function readFailedFilter({ kind, plugin, gateway, code }: Record<string, unknown>): DeadLetterFilter {
  return {
    ...(KINDS.includes(kind) && { kind: kind as DeadLetterKind }),
    ...(typeof plugin === "string" && WORD.test(plugin) && { plugin }),
    ...(typeof gateway === "string" && UUID.test(gateway) && { gateway }),
    ...(typeof code === "string" && WORD.test(code) && { code }),
  };
}
