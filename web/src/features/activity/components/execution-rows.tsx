import { Link } from "@tanstack/react-router";
import { RelativeTime } from "@/components/relative-time";
import { Badge } from "@/components/ui/badge";
import { Skeleton } from "@/components/ui/skeleton";
import { EXECUTION_STATES, executionCause, executionTitle } from "@/features/activity/words";
import type { Execution } from "@/lib/api-types";
import { formatDuration } from "@/lib/format";

/** Runs, one a line. */
export function ExecutionRows({ executions }: { executions: Execution[] }) {
  return (
    <ul className="divide-y">
      {executions.map((execution) => {
        const { label, tone } = EXECUTION_STATES[execution.state];
        return (
          <li
            key={execution.id}
            data-testid="execution"
            className="relative flex items-center gap-3 px-5 py-2.5 transition-colors last:rounded-b-xl hover:bg-accent/60"
          >
            <div className="min-w-0 flex-1">
              <p className="text-sm sm:flex sm:gap-2">
                <Link
                  to="/activity/$executionId"
                  params={{ executionId: execution.id }}
                  className="block truncate font-medium after:absolute after:inset-0 focus-visible:after:-outline-offset-2"
                >
                  {executionTitle(execution)}
                </Link>
                <span className="block truncate text-[0.8125rem] text-muted-foreground">
                  {executionCause(execution)}
                </span>
              </p>
              {execution.trouble && (
                <p className="truncate text-[0.8125rem] text-danger">{execution.trouble.title}</p>
              )}
            </div>
            <span className="hidden w-16 text-right text-xs text-muted-foreground tabular-nums sm:block">
              {execution.finished_at ? formatDuration(execution.wall_ms) : ""}
            </span>
            <span className="flex shrink-0 items-center gap-3 max-sm:flex-col-reverse max-sm:items-end max-sm:gap-1">
              <RelativeTime
                time={execution.created_at}
                className="text-right text-xs text-muted-foreground sm:w-20"
              />
              <span className="sm:w-24">
                <Badge tone={tone} dot>
                  {label}
                </Badge>
              </span>
            </span>
          </li>
        );
      })}
    </ul>
  );
}

export function ExecutionRowsSkeleton({ rows = 5 }: { rows?: number }) {
  return (
    <div className="divide-y">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex items-center gap-4 px-5 py-3">
          <Skeleton className="h-4 w-52 max-w-[50%]" />
          <Skeleton className="ml-auto h-4 w-20" />
        </div>
      ))}
    </div>
  );
}
