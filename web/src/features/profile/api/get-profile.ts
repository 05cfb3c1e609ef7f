import { queryOptions } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { Profile } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** What one chose for oneself. */
export const getProfile = (signal?: AbortSignal) => api<Profile>("/user/profile", { signal });

export const profileQuery = queryOptions({
  queryKey: queryKeys.profile,
  queryFn: ({ signal }) => getProfile(signal),
});
