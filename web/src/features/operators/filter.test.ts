import { expect, test } from "vitest";
import { readMailFilter, readTenantFilter } from "@/features/operators/filter";

test("an address keeps what is a filter and nothing else", () => {
  expect(readTenantFilter({ text: "ada@", state: "running", plan: "pro", other: 1 })).toEqual({
    text: "ada@",
    state: "running",
    plan: "pro",
  });
  expect(readTenantFilter({ text: 3, state: "asleep", plan: "a b" })).toEqual({});
  expect(readMailFilter({ state: "failed", to: "ada@example.org" })).toEqual({
    state: "failed",
    to: "ada@example.org",
  });
  expect(readMailFilter({ state: "lost", to: "" })).toEqual({});
});
