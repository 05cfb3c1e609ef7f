import { Progress } from "@/components/ui/progress";
import type { LimitHit } from "@/lib/api-types";
import { formatUnit, humanize } from "@/lib/format";
import { cn } from "@/lib/utils";

/** How much of a limit was used. */
export function LimitBar({ limit, className }: { limit: LimitHit; className?: string }) {
  const name = humanize(limit.name);
  return (
    <div className={cn("grid gap-1", className)}>
      <div className="flex justify-between gap-4 text-xs">
        <span className="font-medium">{name}</span>
        <span className="text-muted-foreground tabular-nums">
          {formatUnit(limit.used, limit.unit)} of {formatUnit(limit.allowed, limit.unit)}
        </span>
      </div>
      <Progress
        value={limit.allowed > 0 ? limit.used / limit.allowed : 1}
        label={`${name}: used share`}
        className="bg-foreground/10"
      />
    </div>
  );
}
