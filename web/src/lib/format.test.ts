import { afterEach, expect, test } from "vitest";
import { formatDateTime, formatDayHeading, formatTime, showTimesIn } from "@/lib/format";

afterEach(() => showTimesIn(null));

test("times and days are those of the chosen zone", () => {
  const time = "2026-01-31T23:30:00.000Z";
  showTimesIn("UTC");
  expect([formatTime(time), formatDateTime(time)]).toEqual(["23:30", "Jan 31, 2026, 23:30:00"]);
  expect(formatDayHeading(time, new Date("2026-02-01T01:00:00Z"))).toBe("Yesterday");
  showTimesIn("Asia/Tokyo");
  expect([formatTime(time), formatDateTime(time)]).toEqual(["08:30", "Feb 1, 2026, 08:30:00"]);
  expect(formatDayHeading(time, new Date("2026-02-01T01:00:00Z"))).toBe("Today");
  expect(formatDayHeading(time, new Date("2026-02-07T01:00:00Z"))).toBe("Sunday, February 1");
});

test("a zone that the browser does not know is as none", () => {
  showTimesIn("Mars/Olympus");
  expect(formatTime("2026-01-31T23:30:00.000Z")).toMatch(/^\d\d:\d\d$/);
});
