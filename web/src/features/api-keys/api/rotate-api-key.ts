import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { ApiKeyWithSecret } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export const rotateApiKey = (id: string, graceSeconds: number) =>
  api<ApiKeyWithSecret>(path`/api-keys/${id}/rotate`, {
    method: "POST",
    body: { grace_seconds: graceSeconds },
  });

export function useRotateApiKey(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (graceSeconds: number) => rotateApiKey(id, graceSeconds),
    gcTime: 0,
    onSuccess: () => void client.invalidateQueries({ queryKey: queryKeys.apiKeys }),
  });
}
