import { expect, test } from "vitest";
import {
  changeOverlay,
  EMPTY_OVERLAY,
  mergeMessages,
  type OverlayChange,
} from "@/features/chat/live/overlay";
import type { ChatMessage } from "@/lib/api-types";

function message(id: string, over: Partial<ChatMessage> = {}): ChatMessage {
  return {
    id,
    conversation_id: "c",
    author: "bot",
    author_name: "Bot",
    text: id,
    format: "plain",
    buttons: [],
    reply_to: null,
    edited_at: null,
    trouble: null,
    sent_at: "2026-01-01T10:00:00Z",
    ...over,
  };
}

const apply = (...changes: OverlayChange[]) => changes.reduce(changeOverlay, EMPTY_OVERLAY);
const own = message("m1", { author: "person", text: "hello" });
const sending = { type: "sending", clientId: "k1", text: "hello", at: "2026-01-01T10:00:00Z" } as const;

test.each([
  [
    "live before its request is answered",
    [sending, { type: "arrived", message: own }, { type: "sent", clientId: "k1", message: own }],
  ],
  [
    "by the answer before it comes live",
    [sending, { type: "sent", clientId: "k1", message: own }, { type: "arrived", message: own }],
  ],
] as [string, OverlayChange[]][])(
  "an own message that comes back %s is shown once at any time",
  (_name, changes) => {
    for (let count = 1; count <= changes.length; count += 1) {
      const overlay = apply(...changes.slice(0, count));
      expect(overlay.pending.length + mergeMessages([], overlay).length).toBe(1);
    }
  },
);

test("of two equal messages in flight each is settled by its own echo", () => {
  const second = { ...sending, clientId: "k2" };
  const overlay = apply(
    sending,
    second,
    { type: "arrived", message: own },
    { type: "arrived", message: own },
  );
  expect(overlay.pending.map((one) => one.clientId)).toEqual(["k2"]);
});

test("a message that failed waits for its owner, and a retry is the same message", () => {
  const failed = apply(sending, { type: "failed", clientId: "k1", error: "No connection" });
  expect(failed.pending).toMatchObject([{ clientId: "k1", error: "No connection" }]);
  const again = changeOverlay(failed, sending);
  expect(again.pending).toMatchObject([{ clientId: "k1", error: null }]);
  expect(changeOverlay(failed, { type: "discarded", clientId: "k1" }).pending).toEqual([]);
});

test("a page that arrives late does not undo what came live", () => {
  const edited = message("m2", { text: "new", edited_at: "2026-01-01T10:05:00Z" });
  const overlay = apply({ type: "arrived", message: edited }, { type: "deleted", id: "m3" });
  const page = [message("m2", { text: "old" }), message("m3")];
  expect(mergeMessages(page, overlay).map((one) => one.text)).toEqual(["new"]);
  const newer = message("m2", { text: "newest", edited_at: "2026-01-01T10:06:00Z" });
  expect(mergeMessages([newer], overlay).map((one) => one.text)).toEqual(["newest"]);
});

test("messages stand in the order of their times, then of their ids", () => {
  const overlay = apply(
    { type: "arrived", message: message("b") },
    { type: "arrived", message: message("a") },
    { type: "arrived", message: message("c", { sent_at: "2026-01-01T09:59:59.5Z" }) },
  );
  expect(
    mergeMessages([message("z", { sent_at: "2026-01-01T10:00:01Z" })], overlay).map((one) => one.id),
  ).toEqual(["c", "a", "b", "z"]);
});

test("an answer ends the typing", () => {
  const overlay = apply({ type: "typing", until: 5_000 }, { type: "arrived", message: message("m1") });
  expect(overlay.typingUntil).toBe(0);
});
