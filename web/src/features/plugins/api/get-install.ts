import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { Install } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export const getInstall = (slug: string, signal?: AbortSignal) =>
  api<Install>(path`/user/plugins/${slug}`, { signal });

export const installQuery = (slug: string) =>
  queryOptions({
    queryKey: [...queryKeys.installs, "one", slug],
    queryFn: ({ signal }) => getInstall(slug, signal),
  });

export const useInstall = (slug: string, enabled: boolean) => useQuery({ ...installQuery(slug), enabled });
