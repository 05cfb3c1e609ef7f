import { useInfiniteQuery } from "@tanstack/react-query";
import { Activity } from "lucide-react";
import { executionsQuery, type ExecutionFilter } from "@/api/get-executions";
import { useInstalls } from "@/api/get-installs";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { ShowOlder } from "@/components/show-older";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Select } from "@/components/ui/select";
import { ExecutionRows, ExecutionRowsSkeleton } from "@/features/activity/components/execution-rows";
import { EXECUTION_STATES } from "@/features/activity/words";
import type { ExecutionState } from "@/lib/api-types";

interface ExecutionListProps {
  filter: ExecutionFilter;
  onFilter: (filter: ExecutionFilter) => void;
}

/** All runs, with filters, page by page. */
export function ExecutionList({ filter, onFilter }: ExecutionListProps) {
  const installs = useInstalls();
  const query = useInfiniteQuery(executionsQuery(filter));
  const executions = query.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = Boolean(filter.plugin ?? filter.state);
  return (
    <Card>
      <div className="flex flex-wrap gap-2 border-b p-3">
        <Select
          aria-label="Plugin"
          className="w-44 max-sm:flex-1"
          value={filter.plugin ?? ""}
          onChange={(event) => onFilter({ ...filter, plugin: event.target.value || undefined })}
        >
          <option value="">All plugins</option>
          {installs.data?.map((install) => (
            <option key={install.plugin.slug} value={install.plugin.slug}>
              {install.plugin.name}
            </option>
          ))}
        </Select>
        <Select
          aria-label="State"
          className="w-40 max-sm:flex-1"
          value={filter.state ?? ""}
          onChange={(event) =>
            onFilter({ ...filter, state: (event.target.value || undefined) as ExecutionState })
          }
        >
          <option value="">All states</option>
          {Object.entries(EXECUTION_STATES).map(([state, { label }]) => (
            <option key={state} value={state}>
              {label}
            </option>
          ))}
        </Select>
      </div>
      {query.isPending ? (
        <ExecutionRowsSkeleton rows={8} />
      ) : query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} className="m-4" />
      ) : executions.length === 0 ? (
        <EmptyState
          icon={Activity}
          title={filtered ? "Nothing fits these filters" : "Nothing has run yet"}
          action={
            filtered && (
              <Button variant="outline" size="sm" onClick={() => onFilter({})}>
                Clear the filters
              </Button>
            )
          }
        >
          {filtered
            ? "Runs of other plugins or in other states may be there."
            : "Write to one of your gateways: every run of a plugin is listed here, with what it did and used."}
        </EmptyState>
      ) : (
        <ExecutionRows executions={executions} />
      )}
      <ShowOlder pages={query} />
    </Card>
  );
}
