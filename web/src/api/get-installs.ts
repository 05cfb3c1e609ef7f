import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { Install } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** The plugins that the tenant has installed. */
export const getInstalls = (signal?: AbortSignal) =>
  api<{ items: Install[] }>("/user/plugins", { signal }).then((page) => page.items);

export const installsQuery = queryOptions({
  queryKey: [...queryKeys.installs, "list"],
  queryFn: ({ signal }) => getInstalls(signal),
});

export const useInstalls = () => useQuery(installsQuery);
