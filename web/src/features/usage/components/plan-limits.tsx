import { useUsage } from "@/api/get-usage";
import { useWorkspace } from "@/api/get-workspace";
import { LimitBar } from "@/components/limit-bar";
import { QueryState } from "@/components/query-state";
import { Skeleton } from "@/components/ui/skeleton";
import { limitsUsed } from "@/features/usage/limits";
import { dayBefore } from "@/lib/days";

/** What is used of what the plan allows, today and this month. */
export function PlanLimits() {
  const day = dayBefore();
  const today = useUsage(day, day);
  const month = useUsage(`${day.slice(0, 8)}01`, day);
  const workspace = useWorkspace();
  return (
    <QueryState query={today} skeleton={<Skeleton className="h-24" />}>
      {(report) => {
        const limits = limitsUsed(report, month.data, workspace.data);
        if (limits.length === 0) {
          return <p className="text-sm text-muted-foreground">Your plan sets no limits on these figures.</p>;
        }
        return (
          <div className="@container">
            <div className="grid gap-x-10 gap-y-4 @xl:grid-cols-2">
              {limits.map((limit) => (
                <LimitBar key={limit.name} limit={limit} />
              ))}
            </div>
          </div>
        );
      }}
    </QueryState>
  );
}
