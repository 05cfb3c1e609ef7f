import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import { queryKeys } from "@/lib/query-keys";

export const revokeApiKey = (id: string) => api<undefined>(path`/api-keys/${id}`, { method: "DELETE" });

export function useRevokeApiKey(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => revokeApiKey(id),
    onSuccess: () => client.invalidateQueries({ queryKey: queryKeys.apiKeys }),
  });
}
