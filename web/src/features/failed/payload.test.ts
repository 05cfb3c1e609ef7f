import { expect, test } from "vitest";
import { firstWrong, lineOf, locate, placeProblems, readText } from "@/features/failed/payload";

const TEXT = `{
  "Message": {
    "text": "a \\"quoted\\" } text",
    "media": [{ "kind": "Photo" }, { "kind": 7 }],
    "from": { "text": "other" }
  }
}`;

test.each([
  [["Message", "text"], `"text": "a \\"quoted\\" } text"`],
  [["Message", "media", "1", "kind"], `"kind": 7`],
  [["Message", "from", "text"], `"text": "other"`],
  [["Message", "media", "1"], `{ "kind": 7 }`],
  // What is missing is shown where it should be.
  [["Message", "from", "name"], `"from": { "text": "other" }`],
])("%j is found in a text", (path, expected) => {
  const range = locate(TEXT, path);
  expect(range && TEXT.slice(...range)).toBe(expected);
});

test("what is nowhere is not found", () => {
  expect(locate(TEXT, ["Other"])).toBeNull();
  expect(locate("", ["a"])).toBeNull();
});

test.each([
  ['{"a": 1,}', 8],
  ['{"a" 1}', 5],
  ["{'a': 1}", 1],
  ['{"a": tru}', 6],
  ['{"a": [1, 2}', 11],
  ['{"a": 1', 7],
  ['{"a": "x', 8],
  ['{"a": 1} x', 9],
  ["", 0],
])("%s goes wrong at %i", (text, at) => {
  expect(firstWrong(text)).toBe(at);
  const { problem } = readText(text);
  expect(problem?.range?.[0]).toBe(at);
});

test.each(["7", "[1]", "null", '"text"'])("%s is JSON but no object", (text) => {
  expect(readText(text).problem?.message).toContain("must be an object");
});

test("what is well is read", () => {
  expect(readText(TEXT).value).toHaveProperty("Message.media.1.kind", 7);
  expect(firstWrong(TEXT)).toBe(TEXT.length);
});

test("problems of the API get their place", () => {
  const [wrong, whole] = placeProblems(TEXT, [
    { field: "payload.Message.media.1.kind", message: "must be a text" },
    { field: "payload", message: "must stay a `message`" },
  ]);
  expect(wrong?.field).toBe("Message › media › 1 › kind");
  expect(lineOf(TEXT, wrong?.range?.[0] ?? 0)).toBe(4);
  expect(whole).toEqual({ field: "", message: "must stay a `message`", range: null });
});
