import { RotateCw, Trash2 } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import type { DeadLetterCount } from "@/lib/api-types";
import { formatNumber } from "@/lib/format";

export type Decision = "retry" | "discard";

interface SelectionBarProps {
  /** How many are shown, and how many of them are chosen. */
  shown: number;
  chosen: number;
  /** How many fit the filter in all, once that is known. */
  count: DeadLetterCount | undefined;
  /** All that fit the filter are meant, not only those that are shown. */
  everything: boolean;
  onAll: (all: boolean) => void;
  onEverything: (everything: boolean) => void;
  onDecide: (decision: Decision) => void;
}

export const countWords = ({ count, more }: DeadLetterCount): string =>
  more ? `more than ${formatNumber(count)}` : formatNumber(count);

/** Chooses all or none, and decides on those that are chosen. It is there all the time, so that nothing jumps. */
export function SelectionBar(props: SelectionBarProps) {
  const { shown, chosen, count, everything } = props;
  const others = count && (count.more || count.count > shown);
  const words = everything
    ? `All ${count ? countWords(count) : ""} chosen`
    : chosen > 0
      ? `${formatNumber(chosen)} chosen`
      : count
        ? `${countWords(count)} in all`
        : "";
  return (
    <div className="border-b bg-muted/40">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-5 py-2">
        <label className="flex min-h-8 cursor-pointer items-center gap-3 text-[0.8125rem] font-medium">
          <Checkbox
            checked={
              everything || (chosen === shown && shown > 0) ? true : chosen > 0 ? "indeterminate" : false
            }
            onCheckedChange={(checked) => props.onAll(checked === true)}
          />
          Choose all
        </label>
        <span role="status" className="text-[0.8125rem] text-muted-foreground tabular-nums">
          {words}
        </span>
        <div className="ml-auto flex gap-2">
          <Button
            variant="outline"
            size="sm"
            disabled={chosen === 0}
            onClick={() => props.onDecide("retry")}
            aria-haspopup="dialog"
          >
            <RotateCw /> Run again
          </Button>
          <Button
            variant="outline"
            size="sm"
            disabled={chosen === 0}
            onClick={() => props.onDecide("discard")}
            aria-haspopup="dialog"
          >
            <Trash2 /> Discard
          </Button>
        </div>
      </div>
      {others && chosen === shown && (
        <p className="border-t px-5 py-2 text-[0.8125rem] text-muted-foreground">
          {everything
            ? "Those that are not shown yet are chosen as well. "
            : `Only the ${formatNumber(shown)} that are shown are chosen. `}
          <Button variant="link" size="sm" onClick={() => props.onEverything(!everything)}>
            {everything ? `Only the ${formatNumber(shown)} shown` : `Choose all ${countWords(count)}`}
          </Button>
        </p>
      )}
    </div>
  );
}
