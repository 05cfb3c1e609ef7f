import { useInfiniteQuery } from "@tanstack/react-query";
import { Activity } from "lucide-react";
import { executionsQuery, type ExecutionFilter } from "@/api/get-executions";
import { useInstalls } from "@/api/get-installs";
import { FilteredList } from "@/components/filtered-list";
import { FilterBar, FilterSelect } from "@/components/filters";
import { ExecutionRows, ExecutionRowsSkeleton } from "@/features/activity/components/execution-rows";
import { EXECUTION_STATES } from "@/features/activity/words";
import type { ExecutionState } from "@/lib/api-types";
import { withParts } from "@/lib/filter";

interface ExecutionListProps {
  filter: ExecutionFilter;
  onFilter: (filter: ExecutionFilter) => void;
}

/** All runs, with filters, page by page. */
export function ExecutionList({ filter, onFilter }: ExecutionListProps) {
  const installs = useInstalls();
  const change = (part: ExecutionFilter) => onFilter(withParts(filter, part));
  const filters = (
    <FilterBar>
      <FilterSelect
        label="Plugin"
        all="All plugins"
        className="w-44"
        value={filter.plugin}
        onChange={(plugin) => change({ plugin })}
        options={installs.data?.map(({ plugin }) => [plugin.slug, plugin.name] as const)}
      />
      <FilterSelect
        label="State"
        all="All states"
        className="w-40"
        value={filter.state}
        onChange={(state) => change({ state: state as ExecutionState })}
        options={Object.entries(EXECUTION_STATES).map(([state, { label }]) => [state, label])}
      />
    </FilterBar>
  );
  return (
    <FilteredList
      query={useInfiniteQuery(executionsQuery(filter))}
      filter={filter}
      onFilter={onFilter}
      filters={filters}
      skeleton={<ExecutionRowsSkeleton rows={8} />}
      empty={{
        icon: Activity,
        title: "Nothing has run yet",
        text: "Write to one of your gateways: every run of a plugin is listed here, with what it did and used.",
      }}
      unfit={{ text: "Runs of other plugins or in other states may be there." }}
    >
      {(executions) => <ExecutionRows executions={executions} />}
    </FilteredList>
  );
}
