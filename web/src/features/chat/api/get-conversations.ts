import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { Conversation, Page } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** The newest conversations of a web chat. */
export const getConversations = (gatewayId: string, signal?: AbortSignal) =>
  api<Page<Conversation>>(path`/gateways/${gatewayId}/conversations`, { query: { limit: 200 }, signal }).then(
    (page) => page.items,
  );

export const conversationsQuery = (gatewayId: string) =>
  queryOptions({
    queryKey: [...queryKeys.conversations, gatewayId],
    queryFn: ({ signal }) => getConversations(gatewayId, signal),
  });

export const useConversations = (gatewayId: string) => useQuery(conversationsQuery(gatewayId));
