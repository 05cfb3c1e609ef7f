import { useMutation } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";

export interface PressButtonInput {
  message_id: string;
  data: string;
}

export const pressButton = (conversationId: string, input: PressButtonInput) =>
  api<undefined>(path`/conversations/${conversationId}/callbacks`, { method: "POST", body: input });

export const usePressButton = (conversationId: string) =>
  useMutation({ mutationFn: (input: PressButtonInput) => pressButton(conversationId, input) });
