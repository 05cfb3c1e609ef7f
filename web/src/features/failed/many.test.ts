import { expect, test } from "vitest";
import { decideMany, groupRefusals } from "@/features/failed/many";
import { ApiError } from "@/lib/api-error";
import type { DeadLetter } from "@/lib/api-types";

const letters = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `${index}` }) as DeadLetter);

const refusal = (status: number, detail = "") =>
  new ApiError({ status, code: `http_${status}`, title: "Refused", detail });

test("each is decided on once, and few at a time", async () => {
  const seen: string[] = [];
  const steps: number[] = [];
  let now = 0;
  let most = 0;
  const result = await decideMany(
    letters(30),
    async (id) => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      seen.push(id);
      now -= 1;
    },
    (through) => steps.push(through),
  );
  expect(seen).toHaveLength(30);
  expect(new Set(seen).size).toBe(30);
  expect(most).toBe(4);
  expect(steps.at(-1)).toBe(30);
  expect(result).toEqual({ done: 30, gone: 0, refused: [], untried: 0 });
});

test("what is refused is told with its reason, and does not stop the others", async () => {
  const result = await decideMany(letters(6), (id) => {
    if (id === "1") return Promise.reject(refusal(409, "Its plugin is off."));
    if (id === "3") return Promise.reject(refusal(404));
    return Promise.resolve();
  });
  expect(result).toMatchObject({ done: 4, gone: 1, untried: 0 });
  expect(result.refused.map(({ letter, error }) => [letter.id, error.detail])).toEqual([
    ["1", "Its plugin is off."],
  ]);
});

test.each([0, 401, 429, 503])("after a %i nothing more is tried", async (status) => {
  let asked = 0;
  const result = await decideMany(letters(50), () => {
    asked += 1;
    return asked === 10 ? Promise.reject(refusal(status)) : Promise.resolve();
  });
  expect(asked).toBeLessThan(20);
  expect(result.refused).toHaveLength(1);
  expect(result.done + result.refused.length + result.untried).toBe(50);
  expect(result.untried).toBeGreaterThan(30);
});

test("refusals that say the same are told together", () => {
  const [a, b, c] = letters(3) as [DeadLetter, DeadLetter, DeadLetter];
  const groups = groupRefusals([
    { letter: a, error: refusal(409, "off") },
    { letter: b, error: refusal(409, "gone") },
    { letter: c, error: refusal(409, "off") },
  ]);
  expect(groups.map((group) => group.letters.map((letter) => letter.id))).toEqual([["0", "2"], ["1"]]);
});
