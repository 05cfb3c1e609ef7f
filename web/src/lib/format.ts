/** Figures, sizes and times, as people read them. */

/** What writes figures and moments, as in a language and in a time zone. */
const writers = (language: string, timeZone?: string) => ({
  number: new Intl.NumberFormat(language),
  tenths: new Intl.NumberFormat(language, { maximumFractionDigits: 1 }),
  compact: new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }),
  dateTime: new Intl.DateTimeFormat(language, {
    dateStyle: "medium",
    timeStyle: "medium",
    hourCycle: "h23",
    timeZone,
  }),
  date: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone }),
  time: new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone,
  }),
  instant: new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
    timeZone,
  }),
  heading: new Intl.DateTimeFormat(language, { weekday: "long", month: "long", day: "numeric", timeZone }),
  // Days of the API are UTC days: shown in any other zone they would slip by one.
  day: new Intl.DateTimeFormat(language, { month: "short", day: "numeric", timeZone: "UTC" }),
  // This language writes days as the API does.
  isoDay: new Intl.DateTimeFormat("sv", { timeZone }),
});

/** What is not among them are words, such as "2 hours ago": they are of the dashboard's own language. */
const LANGUAGE = "en";
const RELATIVE = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto", style: "short" });
let inUse = writers(LANGUAGE);

/**
 * From now on dates and numbers are written as in this language (a BCP 47 tag), and moments are those of this zone; null is that of the
 * browser. A language or zone that the browser does not know is as none.
 */
export function writeAsIn(language: string, timeZone: string | null): void {
  const [tag, zone] = [known(language) ? language : LANGUAGE, timeZone ?? undefined];
  try {
    inUse = writers(tag, zone);
  } catch {
    inUse = writers(tag);
  }
}

/** An example of how dates and numbers are written as in a language. */
export function dateAndNumber(language: string): [date: string, number: string] {
  const { date, tenths } = writers(known(language) ? language : LANGUAGE, "UTC");
  return [date.format(Date.UTC(2026, 11, 31)), tenths.format(1_234.5)];
}

/** Whether the browser can write dates and numbers as in a language. */
function known(language: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(language).length > 0;
  } catch {
    // It is no language tag at all, although it has the form of one.
    return false;
  }
}

export const formatNumber = (value: number): string => inUse.number.format(value);
export const formatCompact = (value: number): string =>
  value < 10_000 ? inUse.number.format(value) : inUse.compact.format(value);

export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const number = value >= 100 || unit === 0 ? formatNumber(Math.round(value)) : inUse.tenths.format(value);
  return `${number} ${units[unit]}`;
}

export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1) return "<1 ms";
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${inUse.tenths.format(milliseconds / 1_000)} s`;
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

export const formatDateTime = (time: string): string => inUse.dateTime.format(new Date(time));
/** To the millisecond, for logs. */
export const formatInstant = (time: string): string => inUse.instant.format(new Date(time));
export const formatTime = (time: string): string => inUse.time.format(new Date(time));
export const formatDay = (day: string): string => inUse.day.format(new Date(`${day}T00:00:00Z`));
export const formatHour = (hour: number): string => `${String(hour).padStart(2, "0")}:00`;

export function formatRelative(time: string, now = Date.now()): string {
  const seconds = (new Date(time).getTime() - now) / 1_000;
  const ago = Math.abs(seconds);
  if (ago < 10) return "just now";
  if (ago < 60) return RELATIVE.format(Math.round(seconds), "second");
  if (ago < 3_600) return RELATIVE.format(Math.round(seconds / 60), "minute");
  if (ago < 86_400) return RELATIVE.format(Math.round(seconds / 3_600), "hour");
  if (ago < 30 * 86_400) return RELATIVE.format(Math.round(seconds / 86_400), "day");
  return inUse.dateTime.format(new Date(time));
}

/** The heading over the messages of one day. */
export function formatDayHeading(time: string, now = new Date()): string {
  const date = new Date(time);
  const days = Math.round((startOfDay(now) - startOfDay(date)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return inUse.heading.format(date);
}

/** The day of a moment, in milliseconds since the first of 1970. */
const startOfDay = (date: Date): number => Date.parse(inUse.isoDay.format(date));

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
