import { ArrowDown } from "lucide-react";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { LogoMark } from "@/components/logo";
import { Button } from "@/components/ui/button";
import { MessageBubble } from "@/features/chat/components/message-bubble";
import { PendingBubble } from "@/features/chat/components/pending-bubble";
import type { PendingMessage } from "@/features/chat/live/overlay";
import type { ChatMessage } from "@/lib/api-types";
import { formatDayHeading } from "@/lib/format";

interface MessageLogProps {
  messages: ChatMessage[];
  pending: PendingMessage[];
  typing: boolean;
  hasOlder: boolean;
  loadingOlder: boolean;
  onLoadOlder: () => void;
  onPress: (messageId: string, data: string) => void;
  onRetry: (pending: PendingMessage) => void;
  onDiscard: (clientId: string) => void;
}

/** Messages of one author within this time stand together. */
const TOGETHER_MS = 3 * 60_000;

/** The messages, newest at the bottom. It follows what comes in unless its reader has scrolled up. */
export function MessageLog(props: MessageLogProps) {
  const { messages, pending, typing } = props;
  const box = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [away, setAway] = useState(false);
  const before = useRef({ height: 0, first: "" });

  const first = messages[0]?.id ?? "";
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (following.current) {
      element.scrollTop = element.scrollHeight;
    } else if (before.current.first !== "" && before.current.first !== first) {
      // Older ones came in above: what was being read stays where it is.
      element.scrollTop += element.scrollHeight - before.current.height;
    }
    before.current = { height: element.scrollHeight, first };
  }, [messages, pending.length, typing, first]);

  useEffect(() => {
    // A phone's keyboard makes the box smaller; the end stays in view.
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      if (following.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  function onScroll() {
    const element = box.current;
    if (!element) return;
    const gap = element.scrollHeight - element.scrollTop - element.clientHeight;
    following.current = gap < 48;
    setAway(gap > 320);
    if (element.scrollTop < 80 && props.hasOlder && !props.loadingOlder) props.onLoadOlder();
  }

  function toEnd() {
    following.current = true;
    box.current?.scrollTo({ top: box.current.scrollHeight, behavior: "smooth" });
  }

  const byId = new Map(messages.map((message) => [message.id, message]));
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={box}
        onScroll={onScroll}
        role="log"
        aria-label="Messages"
        tabIndex={0}
        className="h-full overflow-y-auto overscroll-contain px-4 py-4 focus-visible:-outline-offset-2 sm:px-6"
      >
        <div className="mx-auto flex min-h-full max-w-3xl flex-col justify-end">
          {props.hasOlder && (
            <Button
              variant="ghost"
              size="sm"
              className="mx-auto mb-2 text-muted-foreground"
              pending={props.loadingOlder}
              onClick={props.onLoadOlder}
            >
              Earlier messages
            </Button>
          )}
          {messages.length === 0 && pending.length === 0 && (
            <div className="m-auto py-10 text-center text-sm text-muted-foreground">
              <LogoMark className="mx-auto mb-3 size-10" />
              Say hello. Whatever you write is handled by your plugins, as on any other gateway.
            </div>
          )}
          {messages.map((message, index) => {
            const previous = messages[index - 1];
            const day = formatDayHeading(message.sent_at);
            const newDay = !previous || formatDayHeading(previous.sent_at) !== day;
            return (
              <div key={message.id}>
                {newDay && <DayHeading text={day} />}
                <MessageBubble
                  message={message}
                  continued={!newDay && belongsTo(previous, message)}
                  repliedTo={message.reply_to ? byId.get(message.reply_to) : undefined}
                  onPress={(data) => props.onPress(message.id, data)}
                />
              </div>
            );
          })}
          {pending.map((one) => (
            <PendingBubble
              key={one.clientId}
              pending={one}
              onRetry={() => props.onRetry(one)}
              onDiscard={() => props.onDiscard(one.clientId)}
            />
          ))}
          {typing && <Typing />}
        </div>
      </div>
      {away && (
        <Button
          variant="outline"
          size="icon"
          className="absolute right-4 bottom-3 rounded-full shadow-pop"
          aria-label="To the newest message"
          onClick={toEnd}
        >
          <ArrowDown />
        </Button>
      )}
    </div>
  );
}

function belongsTo(previous: ChatMessage, message: ChatMessage): boolean {
  return (
    previous.author === message.author &&
    previous.author_name === message.author_name &&
    previous.buttons.length === 0 &&
    Date.parse(message.sent_at) - Date.parse(previous.sent_at) < TOGETHER_MS
  );
}

function DayHeading({ text }: { text: string }) {
  return (
    <div className="my-3 flex items-center gap-3 text-[0.6875rem] font-medium text-muted-foreground">
      <span className="h-px flex-1 bg-border" />
      {text}
      <span className="h-px flex-1 bg-border" />
    </div>
  );
}

function Typing() {
  return (
    <div data-testid="typing" className="mt-4 flex items-center gap-2.5" role="status">
      <LogoMark className="size-7" />
      <span className="flex items-center gap-1 rounded-2xl rounded-bl-md border bg-card px-3.5 py-3 shadow-card">
        {[0, 150, 300].map((delay) => (
          <span
            key={delay}
            className="size-1.5 animate-dot rounded-full bg-muted-foreground"
            style={{ animationDelay: `${delay}ms` }}
          />
        ))}
      </span>
      <span className="sr-only">The bot is writing</span>
    </div>
  );
}
