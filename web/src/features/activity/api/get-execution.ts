import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { ExecutionDetail } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export const getExecution = (id: string, signal?: AbortSignal) =>
  api<ExecutionDetail>(path`/executions/${id}`, { signal });

export const executionQuery = (id: string) =>
  queryOptions({
    queryKey: [...queryKeys.executions, "one", id],
    queryFn: ({ signal }) => getExecution(id, signal),
  });

export const useExecution = (id: string) => useQuery(executionQuery(id));
