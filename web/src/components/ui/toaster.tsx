import { CircleAlert, CircleCheck, X } from "lucide-react";
import { Toast as Primitive } from "radix-ui";
import { useSyncExternalStore } from "react";

interface ToastEntry {
  id: number;
  tone: "success" | "danger";
  title: string;
  text?: string;
}

let entries: ToastEntry[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function update(next: ToastEntry[]) {
  entries = next;
  listeners.forEach((listener) => listener());
}

function add(tone: ToastEntry["tone"], title: string, text?: string) {
  update([...entries.slice(-3), { id: nextId++, tone, title, text }]);
}

/** Says in passing what came of something. What must not be missed belongs on the page instead. */
export const toast = {
  success: (title: string, text?: string) => add("success", title, text),
  error: (title: string, text?: string) => add("danger", title, text),
};

export function Toaster() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => entries,
  );
  return (
    <Primitive.Provider swipeDirection="right" duration={4_500}>
      {shown.map((entry) => (
        <Primitive.Root
          key={entry.id}
          duration={entry.tone === "danger" ? 8_000 : undefined}
          onOpenChange={(open) => {
            if (!open) update(entries.filter((other) => other.id !== entry.id));
          }}
          className="flex items-start gap-3 rounded-xl border bg-popover p-3.5 shadow-pop data-[state=open]:animate-sheet-in"
        >
          {entry.tone === "success" ? (
            <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-success" />
          ) : (
            <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-danger" />
          )}
          <div className="min-w-0 flex-1">
            <Primitive.Title className="text-sm font-medium">{entry.title}</Primitive.Title>
            {entry.text && (
              <Primitive.Description className="text-[0.8125rem] break-words text-muted-foreground">
                {entry.text}
              </Primitive.Description>
            )}
          </div>
          <Primitive.Close
            aria-label="Dismiss"
            className="rounded text-muted-foreground hover:text-foreground"
          >
            <X className="size-4" />
          </Primitive.Close>
        </Primitive.Root>
      ))}
      <Primitive.Viewport className="fixed right-4 bottom-[calc(1rem+env(safe-area-inset-bottom))] z-70 flex w-[min(23rem,calc(100vw-2rem))] flex-col gap-2 max-lg:bottom-[calc(5rem+env(safe-area-inset-bottom))]" />
    </Primitive.Provider>
  );
}
