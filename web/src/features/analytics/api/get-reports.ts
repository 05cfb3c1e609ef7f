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
    // Each request runs plugins, and counts as executions: when the page is opened or its reader asks, and not by itself.
    staleTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

export const useReports = (from: Day, to: Day) => useQuery(reportsQuery(from, to));
