import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { JsonObject, RetryResult } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** Runs again what failed: as it is, or with another payload. */
export const retryDeadLetter = (id: string, payload?: JsonObject) =>
  api<RetryResult>(path`/dead-letters/${id}/retry`, { method: "POST", body: payload ? { payload } : {} });

/** Lets what failed be. It stays in the history. */
export const discardDeadLetter = (id: string) =>
  api<undefined>(path`/dead-letters/${id}/discard`, { method: "POST" });

const CHANGED = [queryKeys.deadLetters, queryKeys.executions, queryKeys.workspace, queryKeys.auditLog];

/** Asks again for what a decision changes, but not for those that were just decided on: they are gone. */
export function useDecided(): (decided?: string) => void {
  const client = useQueryClient();
  return (decided) => {
    for (const queryKey of CHANGED) {
      void client.invalidateQueries({
        queryKey,
        predicate: (query) => decided === undefined || !query.queryKey.includes(decided),
      });
    }
  };
}

export function useRetry(id: string) {
  const decided = useDecided();
  return useMutation({
    mutationFn: (payload?: JsonObject) => retryDeadLetter(id, payload),
    onSuccess: () => decided(id),
  });
}

export function useDiscard(id: string) {
  const decided = useDecided();
  return useMutation({ mutationFn: () => discardDeadLetter(id), onSuccess: () => decided(id) });
}
