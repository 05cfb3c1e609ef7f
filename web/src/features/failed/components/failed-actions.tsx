import { PencilLine, RotateCw, Trash2 } from "lucide-react";
import { ErrorState } from "@/components/error-state";
import { ConfirmDialog } from "@/components/ui/alert-dialog";
import { Button } from "@/components/ui/button";
import { useDiscard, type useRetry } from "@/features/failed/api/decide";
import type { DeadLetter, RetryResult } from "@/lib/api-types";

interface FailedActionsProps {
  letter: DeadLetter;
  retry: ReturnType<typeof useRetry>;
  /** Begins a correction; left out where there is nothing to correct. */
  onCorrect?: () => void;
  correcting: boolean;
  onRetried: (result: RetryResult) => void;
  onDiscarded: () => void;
}

/** The three decisions on what failed. */
export function FailedActions({ letter, retry, ...props }: FailedActionsProps) {
  const discard = useDiscard(letter.id);
  return (
    <>
      <Button
        pending={retry.isPending}
        disabled={props.correcting}
        onClick={() => retry.mutate(undefined, { onSuccess: props.onRetried })}
      >
        {!retry.isPending && <RotateCw />} Run again
      </Button>
      {props.onCorrect && (
        <Button variant="outline" disabled={props.correcting} onClick={props.onCorrect}>
          <PencilLine /> Correct…
        </Button>
      )}
      <ConfirmDialog
        trigger={
          <Button variant="outline">
            <Trash2 /> Discard…
          </Button>
        }
        title="Discard this?"
        description="It stays in the history as failed, and can not be run again. This can not be undone."
        confirmLabel="Discard"
        error={discard.error && <ErrorState error={discard.error} />}
        onConfirm={() => discard.mutateAsync().then(props.onDiscarded)}
      />
    </>
  );
}
