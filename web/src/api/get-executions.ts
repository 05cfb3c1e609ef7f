import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { Execution, ExecutionState, Page } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export interface ExecutionFilter {
  plugin?: string;
  state?: ExecutionState;
}

/** What ran, newest first. */
export const getExecutions = (
  filter: ExecutionFilter,
  limit: number,
  cursor?: string,
  signal?: AbortSignal,
) => api<Page<Execution>>("/executions", { query: { ...filter, limit, cursor }, signal });

/** The newest few, for a panel. */
export const recentExecutionsQuery = (filter: ExecutionFilter = {}, limit = 8) =>
  queryOptions({
    queryKey: [...queryKeys.executions, "recent", filter, limit],
    queryFn: ({ signal }) => getExecutions(filter, limit, undefined, signal),
    select: (page) => page.items,
  });

/** All of them, page by page. */
export const executionsQuery = (filter: ExecutionFilter) =>
  infiniteQueryOptions({
    queryKey: [...queryKeys.executions, "list", filter],
    queryFn: ({ signal, pageParam }) => getExecutions(filter, 50, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
