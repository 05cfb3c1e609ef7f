import type { DeadLetterFilter } from "@/api/get-dead-letter-count";
import { useGateways } from "@/api/get-gateways";
import { useInstalls } from "@/api/get-installs";
import { FilterBar, FilterOptions, FilterSelect } from "@/components/filters";
import { KINDS, otherReasons, REASONS } from "@/features/failed/words";
import type { DeadLetter, DeadLetterKind } from "@/lib/api-types";
import { withParts } from "@/lib/filter";

interface FailedFiltersProps {
  filter: DeadLetterFilter;
  onFilter: (filter: DeadLetterFilter) => void;
  /** What is shown, whose reasons can be chosen as well. */
  items: DeadLetter[];
}

const HALF = "w-44 max-sm:w-[calc(50%-0.25rem)] max-sm:flex-none";

/** What, whose, through which gateway, and why. */
export function FailedFilters({ filter, onFilter, items }: FailedFiltersProps) {
  const installs = useInstalls();
  const gateways = useGateways();
  const change = (part: DeadLetterFilter) => onFilter(withParts(filter, part));
  const others = otherReasons(items, filter.code);
  return (
    <FilterBar>
      <FilterSelect
        label="What failed"
        all="Everything"
        className={HALF}
        value={filter.kind}
        onChange={(kind) => change({ kind: kind as DeadLetterKind })}
        options={Object.entries(KINDS).map(([kind, words]) => [kind, words.filter])}
      />
      <FilterSelect
        label="Plugin"
        all="All plugins"
        className={HALF}
        value={filter.plugin}
        onChange={(plugin) => change({ plugin })}
        options={installs.data?.map(({ plugin }) => [plugin.slug, plugin.name] as const)}
      />
      <FilterSelect
        label="Gateway"
        all="All gateways"
        className={HALF}
        value={filter.gateway}
        onChange={(gateway) => change({ gateway })}
        options={gateways.data?.map(({ id, name }) => [id, name] as const)}
      />
      <FilterSelect
        label="Reason"
        all="All reasons"
        className={HALF}
        value={filter.code}
        onChange={(code) => change({ code })}
      >
        {Object.entries(REASONS).map(([group, reasons]) => (
          <optgroup key={group} label={group}>
            <FilterOptions of={Object.entries(reasons)} />
          </optgroup>
        ))}
        {others.length > 0 && (
          <optgroup label="Others">
            <FilterOptions of={others} />
          </optgroup>
        )}
      </FilterSelect>
    </FilterBar>
  );
}
