import type { ChatMessage } from "@/lib/api-types";

/** A message that is on its way to the server. */
export interface PendingMessage {
  clientId: string;
  text: string;
  at: string;
  /** Why it did not get there; null while it is on its way. */
  error: string | null;
}

/**
 * What the page knows beyond the loaded pages: messages that came live, and ones that are being sent. It is kept apart from
 * the pages, so that a page that was asked for earlier and arrives later can not undo what came in between.
 */
export interface Overlay {
  messages: ReadonlyMap<string, ChatMessage>;
  deleted: ReadonlySet<string>;
  pending: PendingMessage[];
  /** When the other side stops looking busy, in milliseconds since 1970. */
  typingUntil: number;
}

export const EMPTY_OVERLAY: Overlay = {
  messages: new Map(),
  deleted: new Set(),
  pending: [],
  typingUntil: 0,
};

export type OverlayChange =
  | { type: "arrived"; message: ChatMessage }
  | { type: "deleted"; id: string }
  | { type: "typing"; until: number }
  | { type: "sending"; clientId: string; text: string; at: string }
  | { type: "sent"; clientId: string; message: ChatMessage }
  | { type: "failed"; clientId: string; error: string }
  | { type: "discarded"; clientId: string };

export function changeOverlay(overlay: Overlay, change: OverlayChange): Overlay {
  switch (change.type) {
    case "arrived": {
      const { message } = change;
      return {
        ...overlay,
        messages: put(overlay.messages, message),
        pending: message.author === "person" ? withoutEcho(overlay, message) : overlay.pending,
        typingUntil: message.author === "person" ? overlay.typingUntil : 0,
      };
    }
    case "deleted":
      return { ...overlay, deleted: new Set([...overlay.deleted, change.id]) };
    case "typing":
      return { ...overlay, typingUntil: change.until };
    case "sending": {
      const { clientId, text, at } = change;
      const others = overlay.pending.filter((one) => one.clientId !== clientId);
      return { ...overlay, pending: [...others, { clientId, text, at, error: null }] };
    }
    case "sent":
      return {
        ...overlay,
        messages: put(overlay.messages, change.message),
        pending: overlay.pending.filter((one) => one.clientId !== change.clientId),
      };
    case "failed":
      return {
        ...overlay,
        pending: overlay.pending.map((one) =>
          one.clientId === change.clientId ? { ...one, error: change.error } : one,
        ),
      };
    case "discarded":
      return { ...overlay, pending: overlay.pending.filter((one) => one.clientId !== change.clientId) };
  }
}

/** Our own message often comes back live before its request is answered: it must not be shown twice for that moment. */
function withoutEcho(overlay: Overlay, message: ChatMessage): PendingMessage[] {
  if (overlay.messages.has(message.id)) return overlay.pending;
  const echo = overlay.pending.findIndex((one) => one.error === null && one.text === message.text);
  return echo === -1 ? overlay.pending : overlay.pending.filter((_, index) => index !== echo);
}

function put(
  messages: ReadonlyMap<string, ChatMessage>,
  message: ChatMessage,
): ReadonlyMap<string, ChatMessage> {
  const known = messages.get(message.id);
  return known && version(known) > version(message) ? messages : new Map(messages).set(message.id, message);
}

/** All messages in order: the loaded ones and the live ones, each in its newest version, without the deleted. */
export function mergeMessages(loaded: ChatMessage[], overlay: Overlay): ChatMessage[] {
  const merged = new Map(loaded.map((message) => [message.id, message]));
  for (const message of overlay.messages.values()) {
    const known = merged.get(message.id);
    if (!known || version(message) >= version(known)) merged.set(message.id, message);
  }
  return [...merged.values()]
    .filter((message) => !overlay.deleted.has(message.id))
    .sort((left, right) => time(left.sent_at) - time(right.sent_at) || (left.id < right.id ? -1 : 1));
}

const time = (text: string) => Date.parse(text);
const version = (message: ChatMessage) => time(message.edited_at ?? message.sent_at);
