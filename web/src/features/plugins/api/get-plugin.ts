import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { Plugin } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export const getPlugin = (slug: string, signal?: AbortSignal) =>
  api<Plugin>(path`/plugins/${slug}`, { signal });

export const pluginQuery = (slug: string) =>
  queryOptions({
    queryKey: [...queryKeys.plugins, "one", slug],
    queryFn: ({ signal }) => getPlugin(slug, signal),
  });

export const usePlugin = (slug: string) => useQuery(pluginQuery(slug));
