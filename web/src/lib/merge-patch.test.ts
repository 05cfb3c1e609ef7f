import { expect, test } from "vitest";
import { mergePatch } from "@/lib/merge-patch";

test("says what changed, what came, and what is gone", () => {
  const before = { same: [1], changed: { a: 1 }, gone: "x" };
  expect(mergePatch(before, { same: [1], changed: { a: 2 }, came: "" })).toEqual({
    changed: { a: 2 },
    came: "",
    gone: null,
  });
  expect(mergePatch(before, before)).toEqual({});
});
