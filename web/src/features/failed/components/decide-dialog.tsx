import type { ReactNode } from "react";
import { ConfirmDialog } from "@/components/ui/alert-dialog";
import { Progress } from "@/components/ui/progress";
import type { Decision } from "@/features/failed/components/selection-bar";
import { formatNumber, plural } from "@/lib/format";

interface DecideDialogProps {
  open: boolean;
  decision: Decision;
  onClose: () => void;
  /** How many it is about; "more than" where not all were counted. */
  count: number;
  atLeast: boolean;
  /** How many are through, while it is at work. */
  through: number | null;
  error: ReactNode;
  onConfirm: () => Promise<unknown>;
  focusAfter: () => HTMLElement | null;
}

/** Says how many it is about and what it means, before many are decided on at once. */
export function DecideDialog({ decision, count, atLeast, through, ...props }: DecideDialogProps) {
  const number = atLeast ? `more than ${formatNumber(count)}` : formatNumber(count);
  const isRetry = decision === "retry";
  const many = count !== 1 || atLeast;
  return (
    <ConfirmDialog
      open={props.open}
      // While it is at work, closing would only hide it.
      onOpenChange={(open) => {
        if (!open && through === null) props.onClose();
      }}
      title={isRetry ? `Run ${number} again?` : `Discard ${number}?`}
      description={
        isRetry
          ? `${many ? "Each of them gets" : "It gets"} its turn once more, as it is. What had already been done is not done again.${atLeast ? " The newest 1,000 are taken." : ""}`
          : `${many ? "They stay" : "It stays"} in the history as failed, and can not be run again. This can not be undone.`
      }
      confirmLabel={
        isRetry ? `Run ${atLeast ? "them" : number} again` : `Discard ${atLeast ? "all" : number}`
      }
      tone={isRetry ? "primary" : "danger"}
      error={
        through === null ? (
          props.error
        ) : (
          <div className="grid gap-1.5">
            <Progress value={through / Math.max(count, 1)} label="How many are through" underWay />
            <p className="text-xs text-muted-foreground tabular-nums" role="status">
              {formatNumber(through)} of {plural(count, "thing")}
            </p>
          </div>
        )
      }
      onConfirm={props.onConfirm}
      focusAfter={props.focusAfter}
    />
  );
}
