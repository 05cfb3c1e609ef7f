import { CircleAlert } from "lucide-react";
import type { PendingMessage } from "@/features/chat/live/overlay";
import { cn } from "@/lib/utils";

interface PendingBubbleProps {
  pending: PendingMessage;
  onRetry: () => void;
  onDiscard: () => void;
}

/** A message on its way, or one that did not get there. */
export function PendingBubble({ pending, onRetry, onDiscard }: PendingBubbleProps) {
  const failed = pending.error !== null;
  return (
    <article
      data-testid="message-pending"
      className="mt-2 flex flex-col items-end"
      aria-label="Your message, being sent"
    >
      <div
        className={cn(
          "max-w-[min(85%,38rem)] rounded-2xl rounded-br-md px-3.5 py-2 text-[0.9375rem] leading-relaxed wrap-anywhere whitespace-pre-wrap",
          failed ? "border border-danger/40 bg-danger-soft" : "bg-primary text-primary-foreground opacity-65",
        )}
      >
        {pending.text}
      </div>
      {failed ? (
        <p
          role="alert"
          className="mt-1 flex flex-wrap items-center justify-end gap-x-2 px-1 text-xs text-danger"
        >
          <CircleAlert aria-hidden className="size-3.5" /> Not sent: {pending.error}
          <button type="button" onClick={onRetry} className="font-medium underline underline-offset-2">
            Try again
          </button>
          <button
            type="button"
            onClick={onDiscard}
            className="text-muted-foreground underline underline-offset-2"
          >
            Discard
          </button>
        </p>
      ) : (
        <span className="mt-0.5 px-1 text-[0.6875rem] text-muted-foreground">Sending…</span>
      )}
    </article>
  );
}
