import { useQuery } from "@tanstack/react-query";
import { Activity } from "lucide-react";
import { recentExecutionsQuery } from "@/api/get-executions";
import { EmptyState } from "@/components/empty-state";
import { QueryState } from "@/components/query-state";
import { ExecutionRows, ExecutionRowsSkeleton } from "@/features/activity/components/execution-rows";

/** The newest runs, of one plugin or of all. */
export function RecentExecutions({ plugin, limit = 8 }: { plugin?: string; limit?: number }) {
  const query = useQuery(recentExecutionsQuery({ plugin }, limit));
  return (
    <QueryState query={query} skeleton={<ExecutionRowsSkeleton />} className="mx-5 mb-5">
      {(executions) =>
        executions.length === 0 ? (
          <EmptyState icon={Activity} title="Nothing has run yet" className="pt-4 pb-10">
            Write to one of your gateways: every run of a plugin is listed here.
          </EmptyState>
        ) : (
          <ExecutionRows executions={executions} />
        )
      }
    </QueryState>
  );
}
