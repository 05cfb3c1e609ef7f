import { useParams } from "@tanstack/react-router";
import { useUsage } from "@/api/get-usage";
import { BackLink } from "@/components/back-link";
import { Page } from "@/components/page";
import { QueryState } from "@/components/query-state";
import { Badge } from "@/components/ui/badge";
import { Skeleton } from "@/components/ui/skeleton";
import { useExecution } from "@/features/activity/api/get-execution";
import { ExecutionDetail } from "@/features/activity/components/execution-detail";
import { EXECUTION_STATES, executionCause, executionTitle } from "@/features/activity/words";
import { dayBefore } from "@/lib/days";

export function ExecutionRoute() {
  const { executionId } = useParams({ from: "/app/activity/$executionId" });
  const query = useExecution(executionId);
  const limits = useUsage(dayBefore(), dayBefore()).data?.limits;
  const execution = query.data;
  const state = execution && EXECUTION_STATES[execution.state];
  return (
    <Page
      title={execution ? executionTitle(execution) : "Run"}
      above={<BackLink to="/activity">Activity</BackLink>}
      heading={
        execution &&
        state && (
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
            {executionTitle(execution)}
            <Badge tone={state.tone} dot>
              {state.label}
            </Badge>
          </span>
        )
      }
      description={execution && executionCause(execution)}
    >
      <QueryState query={query} skeleton={<Skeleton className="h-80 rounded-xl" />}>
        {(loaded) => <ExecutionDetail execution={loaded} limits={limits} />}
      </QueryState>
    </Page>
  );
}
