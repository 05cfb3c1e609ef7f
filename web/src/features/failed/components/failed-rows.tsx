import { Link } from "@tanstack/react-router";
import { RelativeTime } from "@/components/relative-time";
import { Badge } from "@/components/ui/badge";
import { Checkbox } from "@/components/ui/checkbox";
import { Skeleton } from "@/components/ui/skeleton";
import { failedTitle, failedWhat, KINDS } from "@/features/failed/words";
import type { DeadLetter } from "@/lib/api-types";
import { formatDateTime } from "@/lib/format";

interface FailedRowsProps {
  items: DeadLetter[];
  selected: ReadonlySet<string>;
  onSelect: (id: string, selected: boolean) => void;
  disabled: boolean;
}

/** What failed for good, one a line, to be opened or chosen. */
export function FailedRows({ items, selected, onSelect, disabled }: FailedRowsProps) {
  return (
    <ul className="divide-y">
      {items.map((item) => (
        <li
          key={item.id}
          data-testid="dead-letter"
          className="relative flex items-start gap-3 px-5 py-3 transition-colors last:rounded-b-xl hover:bg-accent/60 has-data-[state=checked]:bg-brand-soft/40"
        >
          {/* Wider than it looks: a thumb must not open what it meant to choose. */}
          <label className="relative z-10 -m-3 grid cursor-pointer p-3">
            <Checkbox
              aria-label={`Choose ${failedTitle(item)}, ${failedWhat(item)}, ${formatDateTime(item.failed_at)}`}
              checked={selected.has(item.id)}
              disabled={disabled}
              onCheckedChange={(checked) => onSelect(item.id, checked === true)}
            />
          </label>
          <div className="min-w-0 flex-1">
            <p className="text-sm sm:flex sm:gap-2">
              <Link
                to="/failed/$letterId"
                params={{ letterId: item.id }}
                className="block truncate font-medium after:absolute after:inset-0 focus-visible:after:-outline-offset-2"
              >
                {failedTitle(item)}
              </Link>
              <span className="block truncate text-[0.8125rem] text-muted-foreground">
                {failedWhat(item)}
              </span>
            </p>
            <p className="text-[0.8125rem] text-danger max-sm:line-clamp-2 sm:truncate">
              {item.reason.title}
            </p>
          </div>
          <span className="flex shrink-0 items-center gap-3 max-sm:flex-col-reverse max-sm:items-end max-sm:gap-1">
            <RelativeTime
              time={item.failed_at}
              className="text-right text-xs text-muted-foreground sm:w-20"
            />
            <span className="sm:w-32">
              <Badge>{KINDS[item.kind].one}</Badge>
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

export function FailedRowsSkeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div className="divide-y">
      {/* As high as the bar that comes in its place. */}
      <div className="flex min-h-12 items-center gap-3 bg-muted/40 px-5 max-sm:min-h-20 max-sm:items-start max-sm:pt-4">
        <Skeleton className="size-4.5 rounded-[5px]" />
        <Skeleton className="h-4 w-28" />
      </div>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex items-center gap-3 px-5 py-3">
          <Skeleton className="size-4.5 rounded-[5px]" />
          <div className="grid gap-1.5">
            <Skeleton className="h-4 w-52 max-w-[50vw]" />
            <Skeleton className="h-3.5 w-40" />
          </div>
          <Skeleton className="ml-auto h-4 w-20" />
        </div>
      ))}
    </div>
  );
}
