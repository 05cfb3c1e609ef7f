import { expect, test } from "vitest";
import { niceScale } from "@/components/charts/scale";

test.each([
  [0, 1, [0, 1]],
  [1, 1, [0, 1]],
  [3, 3, [0, 1, 2, 3]],
  [7, 8, [0, 2, 4, 6, 8]],
  [98, 100, [0, 50, 100]],
  [1_234, 1_500, [0, 500, 1_000, 1_500]],
])("an axis for %i ends at %i", (highest, top, ticks) => {
  expect(niceScale(highest)).toEqual({ top, ticks });
});
