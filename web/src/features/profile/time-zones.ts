/** The zone that the browser says it is in. */
export const browserZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The zones that the browser knows, and the one that was chosen, should it be of another browser. */
export function zones(chosen: string | null): string[] {
  const known = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
  return chosen === null || known.includes(chosen) ? known : [chosen, ...known];
}
