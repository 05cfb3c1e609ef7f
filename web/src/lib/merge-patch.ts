import type { JsonObject } from "@/lib/api-types";

/** What to send so that the server's merge makes one document of another: changed properties, and null for removed ones. */
export function mergePatch(before: JsonObject, after: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const [name, value] of Object.entries(after)) {
    if (JSON.stringify(before[name]) !== JSON.stringify(value)) patch[name] = value;
  }
  for (const name of Object.keys(before)) {
    if (after[name] === undefined) patch[name] = null;
  }
  return patch;
}
