import { expect, test } from "vitest";
import { everyDay, everyHour, readTrafficReport } from "@/features/analytics/traffic-report";
import type { Json } from "@/lib/api-types";

const REPORT = {
  from: "2026-02-27",
  to: "2026-03-01",
  total_messages: 3,
  active_users: 1,
  days: [{ date: "2026-02-28", messages: 3, active_users: 1 }],
  hours: [
    { hour: 23, messages: 2 },
    { hour: 0, messages: 1 },
  ],
  busiest_hours: [23],
  chats: [],
  senders: [],
};

test("days and hours without a word are zero", () => {
  const report = readTrafficReport(REPORT);
  if (!report) throw new Error("it is a traffic report");
  expect(everyDay(report).map((day) => [day.date, day.messages])).toEqual([
    ["2026-02-27", 0],
    ["2026-02-28", 3],
    ["2026-03-01", 0],
  ]);
  const hours = everyHour(report);
  expect(hours).toHaveLength(24);
  expect([hours[0], hours[12], hours[23]]).toEqual([1, 0, 2]);
});

test.each<Json>([null, 3, [], { rows: [] }, { ...REPORT, days: [1] }, { ...REPORT, total_messages: "3" }])(
  "another report is shown as what it is: %j",
  (output) => {
    expect(readTrafficReport(output)).toBeNull();
  },
);
