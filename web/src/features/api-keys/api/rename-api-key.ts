import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { ApiKey } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export const renameApiKey = (id: string, etag: string, name: string) =>
  api<ApiKey>(path`/api-keys/${id}`, { method: "PATCH", body: { name }, ifMatch: etag });

export function useRenameApiKey(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ etag, name }: { etag: string; name: string }) => renameApiKey(id, etag, name),
    // Also after an error: somebody may have changed it meanwhile.
    onSettled: () => void client.invalidateQueries({ queryKey: queryKeys.apiKeys }),
  });
}
