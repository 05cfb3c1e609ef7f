import { api, path } from "@/lib/api-client";
import type { ChatMessage } from "@/lib/api-types";

export interface SendMessageInput {
  text: string;
  /** Makes a repeat harmless: the same id is the same message. */
  client_id: string;
}

/** The message is durable once this resolves. */
export const sendMessage = (conversationId: string, input: SendMessageInput) =>
  api<ChatMessage>(path`/conversations/${conversationId}/messages`, { method: "POST", body: input });
