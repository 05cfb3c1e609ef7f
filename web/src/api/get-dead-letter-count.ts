import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { DeadLetterCount, DeadLetterKind } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export interface DeadLetterFilter {
  kind?: DeadLetterKind;
  plugin?: string;
  gateway?: string;
  /** The code of the trouble. */
  code?: string;
}

/** How many things failed for good and wait for a decision; a thousand at most are counted. */
export const getDeadLetterCount = (filter: DeadLetterFilter, signal?: AbortSignal) =>
  api<DeadLetterCount>("/dead-letters/count", { query: { ...filter }, signal });

export const deadLetterCountQuery = (filter: DeadLetterFilter = {}) =>
  queryOptions({
    queryKey: [...queryKeys.deadLetters, "count", filter],
    queryFn: ({ signal }) => getDeadLetterCount(filter, signal),
  });

export const useDeadLetterCount = (filter: DeadLetterFilter = {}) => useQuery(deadLetterCountQuery(filter));
