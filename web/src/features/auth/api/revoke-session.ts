import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import { queryKeys } from "@/lib/query-keys";

/** Signs a device out. */
export const revokeSession = (id: string) => api<undefined>(path`/auth/sessions/${id}`, { method: "DELETE" });

export function useRevokeSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: revokeSession,
    onSettled: () => client.invalidateQueries({ queryKey: queryKeys.sessions }),
  });
}

/** Signs out everywhere, here too. */
export const revokeSessions = () => api<undefined>("/auth/sessions", { method: "DELETE" });

export const useRevokeSessions = () => useMutation({ mutationFn: revokeSessions });
