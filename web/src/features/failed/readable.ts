import type { Json } from "@/lib/api-types";
import { formatDateTime } from "@/lib/format";

/** Milliseconds since 1970 of the years 2001 to 2286: under a name that ends in `_at`, they are a time. */
const isTime = (name: string, value: Json): value is number =>
  typeof value === "number" && name.endsWith("_at") && value >= 1e12 && value < 1e13;

/** A payload without what is not there, and with times as times: the JSON itself is one click away. */
export function forPeople(value: Json): Json {
  if (Array.isArray(value)) return value.map(forPeople);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, inner]): [string, Json][] => {
    if (isTime(name, inner)) return [[name, formatDateTime(new Date(inner).toISOString())]];
    const kept = forPeople(inner);
    return isNothing(kept) ? [] : [[name, kept]];
  });
  return Object.fromEntries(entries);
}

function isNothing(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}
