import { expect, test } from "vitest";
import { readFailedFilter } from "@/features/failed/filter";

test("an address keeps what is a filter and nothing else", () => {
  const gateway = "01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11";
  const whole = { kind: "effect", plugin: "auto-reply", gateway, code: "gateway_unauthorized" };
  expect(readFailedFilter({ ...whole, other: "x" })).toEqual(whole);
  expect(readFailedFilter({ kind: "letter", plugin: "A b", gateway: "mine", code: "x!" })).toEqual({});
  expect(readFailedFilter({ kind: 7, plugin: "", code: null })).toEqual({});
});
