/** A filter with parts of it changed. What is empty is no part of a filter. */
export function withParts<Filter extends object>(filter: Filter, parts: Partial<Filter>): Filter {
  const wanted = Object.entries({ ...filter, ...parts }).filter(([, value]) => value);
  return Object.fromEntries(wanted) as Filter;
}

/** Whether a filter leaves anything out. */
export const isNarrowed = (filter: object): boolean => Object.values(filter).some(Boolean);
