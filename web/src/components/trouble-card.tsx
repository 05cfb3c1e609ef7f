import { ArrowRight, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { LimitBar } from "@/components/limit-bar";
import { RelativeTime } from "@/components/relative-time";
import type { Trouble } from "@/lib/api-types";
import { cn } from "@/lib/utils";

interface TroubleCardProps {
  trouble: Trouble;
  /** Whose trouble it is, where the page does not say. */
  subject?: ReactNode;
  /** What can be done about it right here. */
  actions?: ReactNode;
  tone?: "danger" | "warning";
  className?: string;
}

/** What happened, and what to do about it. */
export function TroubleCard({ trouble, subject, actions, tone = "danger", className }: TroubleCardProps) {
  const danger = tone === "danger";
  return (
    <section
      data-testid="trouble"
      data-code={trouble.code}
      aria-label={trouble.title}
      className={cn(
        "rounded-xl border p-4",
        danger ? "border-danger/25 bg-danger-soft" : "border-warning/30 bg-warning-soft",
        className,
      )}
    >
      <div className="flex gap-3">
        <TriangleAlert
          aria-hidden
          className={cn("mt-0.5 size-4.5 shrink-0", danger ? "text-danger" : "text-warning")}
        />
        <div className="min-w-0 flex-1">
          {subject && <div className="text-xs text-muted-foreground">{subject}</div>}
          <div className="flex flex-wrap items-baseline justify-between gap-x-4">
            <h3 className="text-sm font-semibold">{trouble.title}</h3>
            <RelativeTime time={trouble.since} className="text-xs text-muted-foreground" />
          </div>
          {trouble.detail && (
            <p className="mt-0.5 text-sm break-words text-muted-foreground first-letter:uppercase">
              {trouble.detail}
            </p>
          )}
          {trouble.limit && <LimitBar limit={trouble.limit} className="mt-3 max-w-sm" />}
          {trouble.advice && (
            <p className="mt-2 flex gap-2 text-sm">
              <ArrowRight
                aria-hidden
                className={cn("mt-1 size-3.5 shrink-0", danger ? "text-danger" : "text-warning")}
              />
              <span className="min-w-0 break-words">
                <span className="sr-only">What to do: </span>
                {trouble.advice}
              </span>
            </p>
          )}
          {actions && <div className="mt-3 flex flex-wrap gap-2">{actions}</div>}
        </div>
      </div>
    </section>
  );
}
