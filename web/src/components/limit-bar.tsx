import { Progress } from "@/components/ui/progress";
import type { LimitHit } from "@/lib/api-types";
import { formatUnit, humanize } from "@/lib/format";
import { cn } from "@/lib/utils";

/** `3 of 5 KB`'s kind of text. A unit that is a word is said once. */
function formatShare({ used, allowed, unit }: LimitHit): string {
  const isWord = unit !== "bytes" && unit !== "ms";
  return `${formatUnit(used, isWord ? "" : unit)} of ${formatUnit(allowed, unit)}`;
}

/** How much of a limit was used. */
export function LimitBar({ limit, className }: { limit: LimitHit; className?: string }) {
  const name = humanize(limit.name);
  return (
    <div className={cn("grid gap-1", className)}>
      <div className="flex justify-between gap-4 text-xs">
        <span className="font-medium">{name}</span>
        <span className="text-muted-foreground tabular-nums">{formatShare(limit)}</span>
      </div>
      <Progress
        value={limit.allowed > 0 ? limit.used / limit.allowed : 1}
        label={`${name}: used share`}
        className="bg-foreground/10"
      />
    </div>
  );
}
