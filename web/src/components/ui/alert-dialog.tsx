import { AlertDialog as Primitive } from "radix-ui";
import { useState, type ReactNode } from "react";
import { Button } from "@/components/ui/button";

interface ConfirmDialogProps {
  trigger?: ReactNode;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  title: string;
  description: ReactNode;
  confirmLabel: string;
  /** What is confirmed takes something away, unless it is said to be plain. */
  tone?: "danger" | "primary";
  /** The dialog stays, and says that it is at work, until this is done; a rejection leaves it open. */
  onConfirm: () => Promise<unknown>;
  error?: ReactNode;
  /** Where the focus goes afterwards; back to where it was, where this answers with nothing. */
  focusAfter?: () => HTMLElement | null;
}

/** Asks once more before something is gone. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const [ownOpen, setOwnOpen] = useState(false);
  const [pending, setPending] = useState(false);
  const open = props.open ?? ownOpen;
  const setOpen = props.onOpenChange ?? setOwnOpen;

  async function confirm() {
    // What was called off is not done after all by a click on a dialog that is fading out.
    if (!open) return;
    setPending(true);
    try {
      await props.onConfirm();
      setOpen(false);
    } catch {
      // The caller shows what went wrong in `error`.
    } finally {
      setPending(false);
    }
  }

  return (
    <Primitive.Root open={open} onOpenChange={setOpen}>
      {props.trigger && <Primitive.Trigger asChild>{props.trigger}</Primitive.Trigger>}
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 bg-black/45 backdrop-blur-[2px] data-[state=closed]:animate-fade-out data-[state=open]:animate-fade-in" />
        <Primitive.Content
          onCloseAutoFocus={(event) => {
            const place = props.focusAfter?.();
            if (!place) return;
            event.preventDefault();
            place.focus();
          }}
          className="fixed top-1/2 left-1/2 z-50 grid w-[min(27rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 gap-4 rounded-2xl border bg-popover p-5 shadow-pop outline-none data-[state=closed]:animate-out data-[state=open]:animate-in"
        >
          <div className="grid gap-1.5">
            <Primitive.Title className="text-base font-semibold">{props.title}</Primitive.Title>
            <Primitive.Description className="text-sm text-muted-foreground">
              {props.description}
            </Primitive.Description>
          </div>
          {props.error}
          <div className="flex justify-end gap-2">
            <Primitive.Cancel asChild>
              <Button variant="outline">Cancel</Button>
            </Primitive.Cancel>
            <Button variant={props.tone ?? "danger"} pending={pending} onClick={() => void confirm()}>
              {props.confirmLabel}
            </Button>
          </div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
