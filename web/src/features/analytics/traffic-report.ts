import type { Json, JsonObject } from "@/lib/api-types";
import { daysBetween } from "@/lib/days";

/** The report of the plugin `analytics`: who wrote how much, where and when. */
export interface TrafficReport {
  from: string;
  to: string;
  total_messages: number;
  active_users: number;
  days: { date: string; messages: number; active_users: number }[];
  hours: { hour: number; messages: number }[];
  busiest_hours: number[];
  chats: { id: string; title: string; messages: number }[];
  senders: { id: string; name: string; messages: number }[];
}

/** The output as a traffic report, when it is one; any plugin may report in that shape. */
export function readTrafficReport(output: Json): TrafficReport | null {
  if (!isObject(output)) return null;
  const { from, to, total_messages, active_users, days, hours } = output;
  const fits =
    typeof from === "string" &&
    typeof to === "string" &&
    typeof total_messages === "number" &&
    typeof active_users === "number" &&
    isList(days, ["date", "messages"]) &&
    isList(hours, ["hour", "messages"]);
  if (!fits) return null;
  const report = output as unknown as TrafficReport;
  return {
    ...report,
    busiest_hours: Array.isArray(output.busiest_hours) ? report.busiest_hours : [],
    chats: isList(output.chats, ["messages"]) ? report.chats : [],
    senders: isList(output.senders, ["messages"]) ? report.senders : [],
  };
}

/** One figure a day, also for days of which the report says nothing. */
export function everyDay(report: TrafficReport): TrafficReport["days"] {
  const known = new Map(report.days.map((day) => [day.date, day]));
  return daysBetween(report.from, report.to).map(
    (date) => known.get(date) ?? { date, messages: 0, active_users: 0 },
  );
}

/** 24 figures, from midnight on. */
export function everyHour(report: TrafficReport): number[] {
  const hours = Array.from({ length: 24 }, () => 0);
  for (const { hour, messages } of report.hours) {
    if (hour in hours) hours[hour] = messages;
  }
  return hours;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: unknown, fields: string[]): boolean {
  return (
    Array.isArray(value) && value.every((item) => isObject(item) && fields.every((field) => field in item))
  );
}
