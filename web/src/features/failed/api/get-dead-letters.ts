import { infiniteQueryOptions } from "@tanstack/react-query";
import type { DeadLetterFilter } from "@/api/get-dead-letter-count";
import { api } from "@/lib/api-client";
import type { DeadLetter, Page } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** What failed for good and waits for a decision, newest first. */
export const getDeadLetters = (
  filter: DeadLetterFilter,
  limit: number,
  cursor?: string,
  signal?: AbortSignal,
) => api<Page<DeadLetter>>("/dead-letters", { query: { ...filter, limit, cursor }, signal });

/** All of it, page by page. */
export const deadLettersQuery = (filter: DeadLetterFilter) =>
  infiniteQueryOptions({
    queryKey: [...queryKeys.deadLetters, "list", filter],
    queryFn: ({ signal, pageParam }) => getDeadLetters(filter, 50, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** The most that is taken at once, however many fit a filter. */
export const MOST_AT_ONCE = 1_000;

/** All that fit a filter, up to as many as are taken at once. */
export async function getAllDeadLetters(filter: DeadLetterFilter): Promise<DeadLetter[]> {
  const all: DeadLetter[] = [];
  let cursor: string | undefined;
  do {
    const page = await getDeadLetters(filter, 200, cursor);
    all.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor && all.length < MOST_AT_ONCE);
  return all.slice(0, MOST_AT_ONCE);
}
