import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { ApiKey } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export const renameApiKey = (id: string, name: string) =>
  api<ApiKey>(path`/api-keys/${id}`, { method: "PATCH", body: { name } });

export function useRenameApiKey(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => renameApiKey(id, name),
    onSuccess: () => void client.invalidateQueries({ queryKey: queryKeys.apiKeys }),
  });
}
