import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { ApiKey, Page } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** All keys of the tenant: plans allow few enough for one page. */
export const getApiKeys = (signal?: AbortSignal) =>
  api<Page<ApiKey>>("/api-keys", { query: { limit: 200 }, signal }).then((page) => page.items);

export const apiKeysQuery = queryOptions({
  queryKey: queryKeys.apiKeys,
  queryFn: ({ signal }) => getApiKeys(signal),
});

export const useApiKeys = () => useQuery(apiKeysQuery);
