import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { Day, UsageReport } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** What was used from one UTC day to another, both included, beside what the plan allows. */
export const getUsage = (from: Day, to: Day, signal?: AbortSignal) =>
  api<UsageReport>("/usage", { query: { from, to }, signal });

export const usageQuery = (from: Day, to: Day) =>
  queryOptions({
    queryKey: [...queryKeys.usage, from, to],
    queryFn: ({ signal }) => getUsage(from, to, signal),
    placeholderData: (previous) => previous,
  });

export const useUsage = (from: Day, to: Day) => useQuery(usageQuery(from, to));
