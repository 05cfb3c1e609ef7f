import { useMutation, useQueryClient } from "@tanstack/react-query";
import { conversationsQuery } from "@/features/chat/api/get-conversations";
import { api, path } from "@/lib/api-client";
import type { Conversation } from "@/lib/api-types";

export const createConversation = (gatewayId: string) =>
  api<Conversation>(path`/gateways/${gatewayId}/conversations`, { method: "POST", body: {} });

export function useCreateConversation(gatewayId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => createConversation(gatewayId),
    onSuccess: (made) =>
      client.setQueryData(conversationsQuery(gatewayId).queryKey, (all) => [
        made,
        ...(all ?? []).filter((one) => one.id !== made.id),
      ]),
  });
}
