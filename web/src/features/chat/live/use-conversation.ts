import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useReducer } from "react";
import { conversationsQuery } from "@/features/chat/api/get-conversations";
import { messagesQuery, useMessages } from "@/features/chat/api/get-messages";
import { sendMessage } from "@/features/chat/api/send-message";
import { changeOverlay, EMPTY_OVERLAY, mergeMessages } from "@/features/chat/live/overlay";
import { path } from "@/lib/api-client";
import { toApiError } from "@/lib/api-error";
import type { ChatMessage } from "@/lib/api-types";
import type { ServerEvent } from "@/lib/sse/parser";
import { useStream } from "@/lib/use-stream";
import { randomUuid } from "@/lib/uuid";

/** One conversation, live: its messages, what is being sent, and whether the other side is typing. */
export function useConversation(gatewayId: string, conversationId: string) {
  const client = useQueryClient();
  const query = useMessages(conversationId);
  const [overlay, change] = useReducer(changeOverlay, EMPTY_OVERLAY);

  const reload = () => void client.invalidateQueries({ queryKey: messagesQuery(conversationId).queryKey });
  const connection = useStream(path`/conversations/${conversationId}/stream`, {
    // Whatever happened between the page's load, or a lost connection, and now.
    onOpen: reload,
    onEvent: (event) => {
      if (event.event === "resync") {
        reload();
        return;
      }
      const data = parse(event);
      if (data === null) return;
      if (event.event === "typing") {
        change({ type: "typing", until: Date.parse((data as { until: string }).until) });
      } else if (event.event === "message_deleted") {
        change({ type: "deleted", id: (data as { id: string }).id });
      } else if (["message", "message_edited", "trouble"].includes(event.event)) {
        change({ type: "arrived", message: data as ChatMessage });
        void client.invalidateQueries({ queryKey: conversationsQuery(gatewayId).queryKey });
      }
    },
  });

  const send = useCallback(
    async (text: string, clientId: string = randomUuid()) => {
      change({ type: "sending", clientId, text, at: new Date().toISOString() });
      try {
        const message = await sendMessage(conversationId, { text, client_id: clientId });
        change({ type: "sent", clientId, message });
      } catch (error) {
        const problem = toApiError(error);
        change({ type: "failed", clientId, error: problem.detail || problem.title });
      }
    },
    [conversationId],
  );

  const pages = query.data?.pages;
  const messages = useMemo(
    () =>
      mergeMessages(
        (pages ?? []).flatMap((page) => page.items),
        overlay,
      ),
    [pages, overlay],
  );
  return {
    query,
    messages,
    pending: overlay.pending,
    typingUntil: overlay.typingUntil,
    connection,
    send,
    discard: (clientId: string) => change({ type: "discarded", clientId }),
  };
}

function parse(event: ServerEvent): unknown {
  try {
    return JSON.parse(event.data);
  } catch {
    // Not ours; the next one may be.
    return null;
  }
}
