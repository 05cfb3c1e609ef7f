import { queryOptions } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { AuthSession, Page } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** Where the account is signed in, what was used last first. */
export const getSessions = (signal?: AbortSignal) => api<Page<AuthSession>>("/auth/sessions", { signal });

export const sessionsQuery = queryOptions({
  queryKey: queryKeys.sessions,
  queryFn: ({ signal }) => getSessions(signal),
});
