import { expect, test } from "vitest";
import { endOf, GRACES, LIVES, SCOPES, scopeTitle } from "@/features/api-keys/scope-words";

test("every scope that is offered has words of its own", () => {
  expect(new Set(SCOPES.map((one) => one.scope)).size).toBe(SCOPES.length);
  expect(new Set(SCOPES.map((one) => one.title)).size).toBe(SCOPES.length);
  expect(scopeTitle("read:analytics")).toBe("See usage and reports");
  expect(scopeTitle("read:services")).toBe("read:services");
});

test("the end of a key lies as many days ahead as was chosen", () => {
  const now = Date.UTC(2026, 0, 1);
  expect(LIVES.map(({ days }) => endOf(days, now))).toEqual([
    "2026-01-31T00:00:00.000Z",
    "2026-04-01T00:00:00.000Z",
    "2027-01-01T00:00:00.000Z",
    null,
  ]);
});

test("no time of grace is longer than the API takes", () => {
  for (const { seconds } of GRACES) expect(seconds).toBeLessThanOrEqual(604_800);
});
