import { SendHorizontal } from "lucide-react";
import { useId, useState, type FormEvent, type KeyboardEvent } from "react";
import { Button } from "@/components/ui/button";
import { fieldClasses } from "@/components/ui/input";
import { cn } from "@/lib/utils";

/** The longest message that the server takes. */
const LONGEST = 4_096;

/** Where messages are written. Enter sends; on a touch screen, where Enter is how lines are made, the button does. */
export function Composer({ onSend }: { onSend: (text: string) => void }) {
  const id = useId();
  const [text, setText] = useState("");

  function send() {
    const trimmed = text.trim();
    if (trimmed === "") return;
    onSend(trimmed);
    setText("");
  }

  function onKeyDown(event: KeyboardEvent) {
    const touch = matchMedia("(pointer: coarse)").matches;
    // Enter also ends the composition of Chinese or Japanese characters: that is no wish to send.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || touch) return;
    event.preventDefault();
    send();
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    send();
  }

  return (
    <form
      onSubmit={submit}
      className="shrink-0 border-t bg-background px-4 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-6"
    >
      <div className="mx-auto flex max-w-3xl items-end gap-2">
        <label htmlFor={id} className="sr-only">
          Message
        </label>
        <textarea
          id={id}
          value={text}
          maxLength={LONGEST}
          rows={1}
          enterKeyHint="enter"
          placeholder="Write a message…"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          className={cn(
            fieldClasses,
            "field-sizing-content max-h-40 min-h-11 resize-none rounded-2xl px-4 py-2.5",
          )}
        />
        <Button
          type="submit"
          size="icon"
          className="size-11 rounded-2xl"
          aria-label="Send"
          disabled={text.trim() === ""}
          // Keeps the keyboard of a phone open.
          onPointerDown={(event) => event.preventDefault()}
        >
          <SendHorizontal className="size-5" />
        </Button>
      </div>
    </form>
  );
}
