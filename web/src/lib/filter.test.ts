import { expect, test } from "vitest";
import { isNarrowed, withParts } from "@/lib/filter";

test("a filter has only the parts that say something", () => {
  const filter: { text?: string; state?: string } = { text: "ada" };
  expect(withParts(filter, { state: "running" })).toEqual({ text: "ada", state: "running" });
  for (const nothing of ["", undefined]) expect(withParts(filter, { text: nothing })).toEqual({});
  expect([isNarrowed({}), isNarrowed({ text: undefined }), isNarrowed(filter)]).toEqual([false, false, true]);
});
