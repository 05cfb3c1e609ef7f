import { Link } from "@tanstack/react-router";
import { CornerUpLeft, ExternalLink } from "lucide-react";
import { LogoMark } from "@/components/logo";
import { HtmlText } from "@/components/rich-text/html-text";
import { Markdown } from "@/components/rich-text/markdown";
import { safeHref } from "@/components/rich-text/safe-href";
import { TroubleCard } from "@/components/trouble-card";
import { Button } from "@/components/ui/button";
import { previewOf } from "@/features/chat/preview";
import type { ChatButton, ChatMessage } from "@/lib/api-types";
import { formatDateTime, formatTime } from "@/lib/format";
import { cn } from "@/lib/utils";

interface MessageBubbleProps {
  message: ChatMessage;
  /** It follows one of the same author within minutes: no name, less room. */
  continued: boolean;
  repliedTo?: ChatMessage;
  onPress: (data: string) => void;
}

export function MessageBubble({ message, continued, repliedTo, onPress }: MessageBubbleProps) {
  if (message.author === "system") return <SystemNotice message={message} />;
  const own = message.author === "person";
  return (
    <article
      data-testid="message"
      data-author={message.author}
      aria-label={`${own ? "You" : message.author_name}, ${formatTime(message.sent_at)}`}
      className={cn("flex gap-2.5", own && "flex-row-reverse", continued ? "mt-1" : "mt-4")}
    >
      {!own && <span className="w-7 shrink-0">{!continued && <LogoMark className="mt-0.5 size-7" />}</span>}
      <div className={cn("flex max-w-[min(85%,38rem)] min-w-0 flex-col", own ? "items-end" : "items-start")}>
        {!continued && !own && (
          <span className="mb-1 px-1 text-xs font-medium text-muted-foreground">{message.author_name}</span>
        )}
        <div
          className={cn(
            "max-w-full rounded-2xl px-3.5 py-2 text-[0.9375rem] leading-relaxed",
            own
              ? "rounded-br-md bg-primary text-primary-foreground"
              : "rounded-bl-md border bg-card text-foreground shadow-card",
          )}
        >
          {repliedTo && (
            <p className="mb-1.5 flex items-center gap-1.5 border-l-2 border-current/40 pl-2 text-xs opacity-75">
              <CornerUpLeft aria-hidden className="size-3 shrink-0" />
              <span className="truncate">{previewOf(repliedTo)}</span>
            </p>
          )}
          <MessageText message={message} />
        </div>
        {message.buttons.length > 0 && <Buttons rows={message.buttons} onPress={onPress} />}
        <time
          dateTime={message.sent_at}
          title={formatDateTime(message.sent_at)}
          className="mt-0.5 px-1 text-[0.6875rem] text-muted-foreground tabular-nums"
        >
          {formatTime(message.sent_at)}
          {message.edited_at && " · edited"}
        </time>
      </div>
    </article>
  );
}

function MessageText({ message }: { message: ChatMessage }) {
  if (message.format === "markdown") return <Markdown text={message.text} breaks />;
  if (message.format === "html") return <HtmlText html={message.text} />;
  return <p className="wrap-anywhere whitespace-pre-wrap">{message.text}</p>;
}

function Buttons({ rows, onPress }: { rows: ChatButton[][]; onPress: (data: string) => void }) {
  return (
    <div className="mt-1.5 grid w-full min-w-44 gap-1.5">
      {rows.map((row, index) => (
        <div key={index} className="flex flex-wrap gap-1.5">
          {row.map((button, column) => (
            <BotButton key={column} button={button} onPress={onPress} />
          ))}
        </div>
      ))}
    </div>
  );
}

function BotButton({ button, onPress }: { button: ChatButton; onPress: (data: string) => void }) {
  const href = button.url ? safeHref(button.url) : null;
  if (href) {
    return (
      <Button asChild variant="outline" size="sm" className="flex-1">
        <a href={href} target="_blank" rel="noopener noreferrer nofollow">
          {button.text} <ExternalLink />
        </a>
      </Button>
    );
  }
  const { data } = button;
  return (
    <Button
      variant="outline"
      size="sm"
      className="flex-1"
      disabled={data === null}
      onClick={() => data !== null && onPress(data)}
    >
      {button.text}
    </Button>
  );
}

/** What the platform has to say: why no answer came, and what to do. */
function SystemNotice({ message }: { message: ChatMessage }) {
  const { trouble } = message;
  if (!trouble) {
    return (
      <p
        data-testid="message"
        data-author="system"
        className="my-4 text-center text-xs text-muted-foreground"
      >
        {message.text}
      </p>
    );
  }
  return (
    <div data-testid="message" data-author="system" className="mx-auto my-4 max-w-xl">
      <TroubleCard
        trouble={trouble}
        actions={
          <Button asChild variant="outline" size="sm">
            <Link to="/activity" search={{ state: "failed" }}>
              See failed runs
            </Link>
          </Button>
        }
      />
    </div>
  );
}
