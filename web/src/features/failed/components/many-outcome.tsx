import { Link } from "@tanstack/react-router";
import { CircleCheck, TriangleAlert, X } from "lucide-react";
import type { Ref } from "react";
import { Button } from "@/components/ui/button";
import type { Decision } from "@/features/failed/components/selection-bar";
import { groupRefusals, type ManyResult } from "@/features/failed/many";
import { failedTitle, failedWhat } from "@/features/failed/words";
import { formatNumber, formatTime } from "@/lib/format";
import { cn } from "@/lib/utils";

interface ManyOutcomeProps {
  decision: Decision;
  result: ManyResult;
  onDismiss: () => void;
  /** What had the focus is gone from the list: reading goes on here. */
  ref: Ref<HTMLElement>;
}

const isAre = (count: number) => `${formatNumber(count)} ${count === 1 ? "is" : "are"}`;

/** What became of many: how many went well, and of each that did not, why. */
export function ManyOutcome({ decision, result, onDismiss, ref }: ManyOutcomeProps) {
  const { done, gone, refused, untried } = result;
  const well = refused.length === 0 && untried === 0;
  const said = decision === "retry" ? `${isAre(done)} run again` : `${isAre(done)} discarded`;
  return (
    <section
      ref={ref}
      tabIndex={-1}
      aria-label="What became of them"
      data-testid="many-outcome"
      className={cn(
        "mb-4 flex items-start gap-3 rounded-xl border p-4 outline-none",
        well ? "border-success/25 bg-success-soft" : "border-warning/30 bg-warning-soft",
      )}
    >
      {well ? (
        <CircleCheck aria-hidden className="mt-0.5 size-4.5 shrink-0 text-success" />
      ) : (
        <TriangleAlert aria-hidden className="mt-0.5 size-4.5 shrink-0 text-warning" />
      )}
      <div className="grid min-w-0 flex-1 gap-1.5 text-sm">
        <p className="font-medium">
          {said}
          {refused.length > 0 && `, ${formatNumber(refused.length)} could not be`}.
        </p>
        {gone > 0 && (
          <p className="text-muted-foreground">
            {isAre(gone)} no longer waiting: someone had already decided.
          </p>
        )}
        {groupRefusals(refused).map(({ error, letters }) => (
          <details key={`${error.code}/${error.detail}`} open={letters.length <= 5}>
            <summary className="cursor-pointer">
              <span className="font-medium">
                {formatNumber(letters.length)} × {error.title}.
              </span>{" "}
              <span className="text-muted-foreground">{error.detail}</span>
            </summary>
            <ul className="mt-1 grid gap-0.5 pl-4">
              {letters.map((letter) => (
                <li key={letter.id} className="text-[0.8125rem] break-words">
                  <Link
                    to="/failed/$letterId"
                    params={{ letterId: letter.id }}
                    className="text-primary underline underline-offset-2"
                  >
                    {failedTitle(letter)}
                  </Link>{" "}
                  <span className="text-muted-foreground">
                    {failedWhat(letter)}, {formatTime(letter.failed_at)}
                  </span>
                </li>
              ))}
            </ul>
          </details>
        ))}
        {untried > 0 && (
          <p className="text-muted-foreground">
            {formatNumber(untried)} {untried === 1 ? "was" : "were"} not tried after that. Try again in a
            while.
          </p>
        )}
      </div>
      <Button variant="ghost" size="icon-sm" aria-label="Dismiss" onClick={onDismiss}>
        <X />
      </Button>
    </section>
  );
}
