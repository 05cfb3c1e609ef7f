/** Figures, sizes and times, as people read them. */

const NUMBER = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
/** What shows moments, in a time zone. */
const clocks = (timeZone?: string) => ({
  dateTime: new Intl.DateTimeFormat("en", {
    dateStyle: "medium",
    timeStyle: "medium",
    hourCycle: "h23",
    timeZone,
  }),
  time: new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }),
  instant: new Intl.DateTimeFormat("en", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
    timeZone,
  }),
  heading: new Intl.DateTimeFormat("en", { weekday: "long", month: "long", day: "numeric", timeZone }),
  // This language writes days as the API does.
  day: new Intl.DateTimeFormat("sv", { timeZone }),
});
let clock = clocks();

/** From now on moments are shown in this zone; null is that of the browser. One that the browser does not know is as none. */
export function showTimesIn(timeZone: string | null): void {
  try {
    clock = clocks(timeZone ?? undefined);
  } catch {
    clock = clocks();
  }
}
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
// Days of the API are UTC days: shown in any other zone they would slip by one.
const DAY = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", timeZone: "UTC" });

export const formatNumber = (value: number): string => NUMBER.format(value);
export const formatCompact = (value: number): string =>
  value < 10_000 ? NUMBER.format(value) : COMPACT.format(value);

export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : Math.round(value * 10) / 10} ${units[unit]}`;
}

export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1) return "<1 ms";
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${Math.round(milliseconds / 100) / 10} s`;
  const seconds = Math.round(milliseconds / 1_000);
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A figure with the unit that the API names. */
export function formatUnit(value: number, unit: string): string {
  if (unit === "bytes") return formatBytes(value);
  if (unit === "ms" || unit === "milliseconds") return formatDuration(value);
  if (unit === "fuel") return `${formatCompact(value)} fuel`;
  return `${formatCompact(value)} ${unit}`.trim();
}

export const formatDateTime = (time: string): string => clock.dateTime.format(new Date(time));
/** To the millisecond, for logs. */
export const formatInstant = (time: string): string => clock.instant.format(new Date(time));
export const formatTime = (time: string): string => clock.time.format(new Date(time));
export const formatDay = (day: string): string => DAY.format(new Date(`${day}T00:00:00Z`));
export const formatHour = (hour: number): string => `${String(hour).padStart(2, "0")}:00`;

export function formatRelative(time: string, now = Date.now()): string {
  const seconds = (new Date(time).getTime() - now) / 1_000;
  const ago = Math.abs(seconds);
  if (ago < 10) return "just now";
  if (ago < 60) return RELATIVE.format(Math.round(seconds), "second");
  if (ago < 3_600) return RELATIVE.format(Math.round(seconds / 60), "minute");
  if (ago < 86_400) return RELATIVE.format(Math.round(seconds / 3_600), "hour");
  if (ago < 30 * 86_400) return RELATIVE.format(Math.round(seconds / 86_400), "day");
  return clock.dateTime.format(new Date(time));
}

/** The heading over the messages of one day. */
export function formatDayHeading(time: string, now = new Date()): string {
  const date = new Date(time);
  const days = Math.round((startOfDay(now) - startOfDay(date)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return clock.heading.format(date);
}

/** The day of a moment, in milliseconds since the first of 1970. */
const startOfDay = (date: Date): number => Date.parse(clock.day.format(date));

/** Words that are written in a way of their own. */
const PROPER: Record<string, string> = {
  ai: "AI",
  api: "API",
  id: "ID",
  openai: "OpenAI",
  url: "URL",
  utc: "UTC",
};

/** `message_edited` and `busiestHours` become `Message edited` and `Busiest hours`. */
export function humanize(name: string): string {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/[_\-.]+/g, " ")
    .trim()
    .toLowerCase()
    .split(" ")
    .map((word) => PROPER[word] ?? word)
    .join(" ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

/** `a, b and c` */
export function inSentence(words: string[], last: "and" | "or" = "and"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
