import type { Day } from "@/lib/api-types";

/** The UTC day, `back` days before today. */
export function dayBefore(back = 0, now = new Date()): Day {
  return new Date(now.getTime() - back * 86_400_000).toISOString().slice(0, 10);
}

/** All days from the first to the last, at most a year of them. */
export function daysBetween(from: Day, to: Day): Day[] {
  const days: Day[] = [];
  const last = Date.parse(`${to}T00:00:00Z`);
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= last && days.length < 366; at += 86_400_000) {
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  return days;
}

export function isDay(value: unknown): value is Day {
  return typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value));
}
