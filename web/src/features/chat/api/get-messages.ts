import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { ChatMessage, Page } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** One page, oldest first within it; the cursor goes back in time. */
export const getMessages = (conversationId: string, cursor?: string, signal?: AbortSignal) =>
  api<Page<ChatMessage>>(path`/conversations/${conversationId}/messages`, {
    query: { limit: 50, cursor },
    signal,
  });

export const messagesQuery = (conversationId: string) =>
  infiniteQueryOptions({
    queryKey: [...queryKeys.messages, conversationId],
    queryFn: ({ signal, pageParam }) => getMessages(conversationId, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const useMessages = (conversationId: string) => useInfiniteQuery(messagesQuery(conversationId));
