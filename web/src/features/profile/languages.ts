import { dateAndNumber } from "@/lib/format";

/**
 * What is offered, by what the languages call themselves. Not those that are written from right to left: between the dashboard's own words
 * their dates would not stand in the order in which they are read.
 */
const OFFERED = [
  "en",
  "en-GB",
  "cs",
  "da",
  "de",
  "de-CH",
  "es",
  "es-MX",
  "fi",
  "fr",
  "fr-CA",
  "hi",
  "hu",
  "id",
  "it",
  "ja",
  "ko",
  "nb",
  "nl",
  "pl",
  "pt-BR",
  "pt-PT",
  "ro",
  "sv",
  "tr",
  "uk",
  "vi",
  "zh-CN",
  "zh-TW",
];

export interface Language {
  /** BCP 47. */
  tag: string;
  /** As it calls itself. */
  name: string;
}

/** The languages whose dates and numbers can be chosen, and the one that was chosen, should it be another. */
export function languages(chosen: string): Language[] {
  const tags = OFFERED.includes(chosen) ? OFFERED : [chosen, ...OFFERED];
  return tags.map((tag) => ({ tag, name: ownName(tag) }));
}

function ownName(tag: string): string {
  // What most software means by it, and what tells it from the other English.
  const full = tag === "en" ? "en-US" : tag;
  try {
    const name = new Intl.DisplayNames(full, { type: "language", languageDisplay: "standard" }).of(full);
    return name ? name.charAt(0).toLocaleUpperCase(full) + name.slice(1) : tag;
  } catch {
    return tag;
  }
}

/** How a day and a number look in a language. */
export const exampleOf = (tag: string): string => dateAndNumber(tag).join(" · ");
