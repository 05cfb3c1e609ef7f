import { afterEach, expect, test } from "vitest";
import {
  formatBytes,
  formatDateTime,
  formatDay,
  formatDayHeading,
  formatDuration,
  formatNumber,
  formatRelative,
  formatTime,
  writeAsIn,
} from "@/lib/format";

afterEach(() => writeAsIn("en", null));

test("times and days are those of the chosen zone", () => {
  const time = "2026-01-31T23:30:00.000Z";
  writeAsIn("en", "UTC");
  expect([formatTime(time), formatDateTime(time)]).toEqual(["23:30", "Jan 31, 2026, 23:30:00"]);
  expect(formatDayHeading(time, new Date("2026-02-01T01:00:00Z"))).toBe("Yesterday");
  writeAsIn("en", "Asia/Tokyo");
  expect([formatTime(time), formatDateTime(time)]).toEqual(["08:30", "Feb 1, 2026, 08:30:00"]);
  expect(formatDayHeading(time, new Date("2026-02-01T01:00:00Z"))).toBe("Today");
  expect(formatDayHeading(time, new Date("2026-02-07T01:00:00Z"))).toBe("Sunday, February 1");
});

test("a zone that the browser does not know is as none", () => {
  writeAsIn("en", "Mars/Olympus");
  expect(formatTime("2026-01-31T23:30:00.000Z")).toMatch(/^\d\d:\d\d$/);
});

test("dates and numbers are written as in the chosen language, and words are not", () => {
  const shown = () => [
    formatNumber(1_234_567),
    formatBytes(1_600_000),
    formatDuration(2_540),
    formatDay("2026-01-31"),
    formatDateTime("2026-01-31T23:30:00.000Z"),
    formatRelative("2026-01-31T23:30:00.000Z", Date.parse("2026-01-31T23:35:00.000Z")),
  ];
  writeAsIn("en", "UTC");
  expect(shown()).toEqual(["1,234,567", "1.5 MB", "2.5 s", "Jan 31", "Jan 31, 2026, 23:30:00", "5 min. ago"]);
  writeAsIn("de", "UTC");
  expect(shown()).toEqual(["1.234.567", "1,5 MB", "2,5 s", "31. Jan.", "31.01.2026, 23:30:00", "5 min. ago"]);
});

test("a language that the browser does not know is as none", () => {
  // The first has a form that the API takes and that is no tag; nobody speaks the second.
  for (const language of ["en-a", "qzz"]) {
    writeAsIn(language, "UTC");
    expect(formatNumber(1_234.5)).toBe("1,234.5");
  }
});
