import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { Plugin } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** Everything that can be installed. */
export const getPlugins = (signal?: AbortSignal) =>
  api<{ items: Plugin[] }>("/plugins", { signal }).then((page) => page.items);

export const pluginsQuery = queryOptions({
  queryKey: [...queryKeys.plugins, "list"],
  queryFn: ({ signal }) => getPlugins(signal),
});

export const usePlugins = () => useQuery(pluginsQuery);
