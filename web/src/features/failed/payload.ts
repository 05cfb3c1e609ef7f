import type { FieldProblem, Json, JsonObject } from "@/lib/api-types";

/** Something that is wrong with a corrected text, and where. */
export interface TextProblem {
  message: string;
  /** The field as the API names it; empty where the text is no JSON at all. */
  field: string;
  /** From where to where in the text, where that is known. */
  range: [number, number] | null;
}

export type ReadText = { value: JsonObject; problem: null } | { value: null; problem: TextProblem };

/** What a person wrote, if it is a JSON object; else what is wrong with it and where. */
export function readText(text: string): ReadText {
  const wrong = (message: string, at: number | null): ReadText => ({
    value: null,
    problem: { message, field: "", range: at === null ? null : [at, Math.min(at + 1, text.length)] },
  });
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    const at = firstWrong(text);
    return wrong(
      at >= text.trimEnd().length
        ? "The text ends too early: a bracket or a quotation mark is not closed."
        : `Not valid JSON here: ${describe(text, at)}.`,
      at,
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return wrong("It must be an object: it begins with { and ends with }.", 0);
  }
  return { value, problem: null };
}

/** The API's problems with a payload, each with its place in the text. */
export function placeProblems(text: string, problems: FieldProblem[]): TextProblem[] {
  return problems.map(({ field, message }) => {
    const parts = field.split(".");
    const path = parts[0] === "payload" ? parts.slice(1) : parts;
    return { message, field: path.join(" › "), range: path.length > 0 ? locate(text, path) : null };
  });
}

/** The line of a place in a text, from 1. */
export const lineOf = (text: string, at: number): number => text.slice(0, at).split("\n").length;

function describe(text: string, at: number): string {
  const found = text.charAt(at);
  return found === "" ? "the text ends" : `line ${lineOf(text, at)} has an unexpected ${found}`;
}

/** A reader of JSON that knows where it stands. It stops at the first character that does not fit. */
class Scanner {
  at = 0;
  /** Where the values that were asked for stand. */
  found: [number, number] | null = null;
  private readonly text: string;
  private readonly wanted: string | null;

  constructor(text: string, wanted: string | null) {
    this.text = text;
    this.wanted = wanted;
  }

  space(): void {
    while (/\s/.test(this.text.charAt(this.at))) this.at += 1;
  }

  /** Takes what fits a pattern here. */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (!match) throw new SyntaxError();
    this.at += match[0].length;
    return match[0];
  }

  value(path: string): void {
    this.space();
    const begin = this.at;
    const first = this.text.charAt(this.at);
    if (first === "{") this.members(path);
    else if (first === "[") this.elements(path);
    else if (first === '"') this.string();
    else this.take(/(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y);
    if (path === this.wanted) this.found = [begin, this.at];
  }

  /** A string. What is wrong with one that does not end is at its end. */
  private string(): string {
    this.take(/"/y);
    const inner = this.take(/(?:[^"\\\n\r]|\\.)*/y);
    this.take(/"/y);
    return inner;
  }

  private members(path: string): void {
    this.list("}", () => {
      const begin = this.at;
      const name = this.string();
      const key = [this.at, begin] as const;
      this.space();
      this.take(/:/y);
      const inner = path === "" ? name : `${path}\n${name}`;
      this.value(inner);
      // A name that nobody knows is wrong itself, not what stands behind it.
      if (inner === this.wanted) this.found = [key[1], this.found?.[1] ?? key[0]];
    });
  }

  private elements(path: string): void {
    let place = 0;
    this.list("]", () => {
      this.value(path === "" ? `${place}` : `${path}\n${place}`);
      place += 1;
    });
  }

  private list(close: "}" | "]", one: () => void): void {
    this.at += 1;
    this.space();
    if (this.text.charAt(this.at) === close) {
      this.at += 1;
      return;
    }
    for (;;) {
      this.space();
      one();
      this.space();
      const end = this.take(close === "}" ? /[,}]/y : /[,\]]/y);
      if (end === close) return;
    }
  }
}

/** The first character that makes a text no JSON. */
export function firstWrong(text: string): number {
  const scanner = new Scanner(text, null);
  try {
    scanner.value("");
    scanner.space();
  } catch {
    // It stands where it could not go on.
  }
  return scanner.at;
}

/** Where a value stands in a text, with its name; where its nearest parent stands, if it is not there. */
export function locate(text: string, path: string[]): [number, number] | null {
  for (let length = path.length; length > 0; length -= 1) {
    const scanner = new Scanner(text, path.slice(0, length).join("\n"));
    try {
      scanner.value("");
    } catch {
      // What was found before it could not go on is found.
    }
    if (scanner.found) return scanner.found;
  }
  return null;
}
