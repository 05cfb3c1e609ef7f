import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { Workspace } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** The tenant's running side: its state, plan and counts. */
export const getWorkspace = (signal?: AbortSignal) => api<Workspace>("/workspace/status", { signal });

export const workspaceQuery = queryOptions({
  queryKey: queryKeys.workspace,
  queryFn: ({ signal }) => getWorkspace(signal),
});

export const useWorkspace = () => useQuery(workspaceQuery);
