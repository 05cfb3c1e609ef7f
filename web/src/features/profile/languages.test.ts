import { expect, test } from "vitest";
import { exampleOf, languages } from "@/features/profile/languages";

test("what was chosen is always among the languages, and each is there once with a name of its own", () => {
  for (const chosen of ["en", "de-CH", "ar", "en-a"]) {
    const list = languages(chosen);
    expect(list.map(({ tag }) => tag)).toContain(chosen);
    expect(new Set(list.map(({ tag }) => tag)).size).toBe(list.length);
    expect(new Set(list.map(({ name }) => name)).size).toBe(list.length);
  }
  expect(languages("en").find(({ tag }) => tag === "de")?.name).toBe("Deutsch");
  expect(languages("en").find(({ tag }) => tag === "en-GB")?.name).toBe("English (United Kingdom)");
});

test("an example shows what a language changes", () => {
  expect(exampleOf("en")).toBe("Dec 31, 2026 · 1,234.5");
  expect(exampleOf("de")).toBe("31.12.2026 · 1.234,5");
  expect(exampleOf("en-a")).toBe(exampleOf("en"));
});
