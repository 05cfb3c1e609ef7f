import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { Day, ReportResult } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** What every enabled plugin reports about these days. */
export const getReports = (from: Day, to: Day, signal?: AbortSignal) =>
  api<{ items: ReportResult[] }>("/analytics", { query: { from, to }, signal }).then((page) => page.items);

export const reportsQuery = (from: Day, to: Day) =>
  queryOptions({
    queryKey: [...queryKeys.analytics, from, to],
    queryFn: ({ signal }) => getReports(from, to, signal),
    placeholderData: (previous) => previous,
    // Each request runs plugins: not more often than there is something new to see.
    staleTime: 60_000,
  });

export const useReports = (from: Day, to: Day) => useQuery(reportsQuery(from, to));
