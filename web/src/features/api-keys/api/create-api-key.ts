import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { ApiKeyWithSecret, ApiScope } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export interface CreateApiKeyInput {
  name: string;
  scopes: ApiScope[];
  /** Null for a key that holds until it is revoked. */
  expires_at: string | null;
}

export const createApiKey = (input: CreateApiKeyInput) =>
  api<ApiKeyWithSecret>("/api-keys", { method: "POST", body: input });

export function useCreateApiKey() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: createApiKey,
    // What was answered has a secret in it, which is to be nowhere but in the open dialog.
    gcTime: 0,
    onSuccess: () => void client.invalidateQueries({ queryKey: queryKeys.apiKeys }),
  });
}
