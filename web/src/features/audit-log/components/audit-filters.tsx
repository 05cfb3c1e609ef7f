import { useInstalls } from "@/api/get-installs";
import { useMe } from "@/api/get-me";
import { FilterBar, FilterSelect } from "@/components/filters";
import { Input } from "@/components/ui/input";
import type { AuditFilter } from "@/features/audit-log/filter";
import { AREAS, OUTCOMES } from "@/features/audit-log/words";
import type { AuditOutcome } from "@/lib/api-types";
import { dayBefore, isDay } from "@/lib/days";
import { withParts } from "@/lib/filter";

interface AuditFiltersProps {
  filter: AuditFilter;
  onFilter: (filter: AuditFilter) => void;
}

/** What, who, how it went, and from when to when (UTC days). */
export function AuditFilters({ filter, onFilter }: AuditFiltersProps) {
  const { user } = useMe();
  const installs = useInstalls();
  const change = (part: AuditFilter) => {
    const wanted = withParts(filter, part);
    const { from, to } = wanted;
    onFilter(from && to && from > to ? withParts(wanted, { to: undefined }) : wanted);
  };
  const day = (value: string) => (isDay(value) ? value : undefined);
  return (
    <FilterBar>
      <FilterSelect
        label="What"
        all="Everything"
        className="w-48 max-sm:w-full max-sm:flex-none"
        value={filter.action}
        onChange={(action) => change({ action })}
        options={Object.entries(AREAS)}
      >
        {filter.action && !(filter.action in AREAS) && <option value={filter.action}>{filter.action}</option>}
      </FilterSelect>
      <FilterSelect
        label="Who"
        all="Anyone"
        className="w-40"
        value={filter.actor}
        onChange={(actor) => change({ actor })}
        options={[
          [user.id, user.name],
          ...(installs.data ?? []).map(({ id, plugin }) => [id, plugin.name] as const),
        ]}
      />
      <FilterSelect
        label="Outcome"
        all="All outcomes"
        value={filter.outcome}
        onChange={(outcome) => change({ outcome: outcome as AuditOutcome })}
        options={Object.entries(OUTCOMES).map(([outcome, { label }]) => [outcome, label])}
      />
      <div className="flex items-center gap-1.5 max-sm:w-full sm:ml-auto">
        <Input
          type="date"
          aria-label="From"
          className="w-37 px-2.5 max-sm:flex-1"
          value={filter.from ?? ""}
          max={filter.to ?? dayBefore()}
          onChange={(event) => change({ from: day(event.target.value) })}
        />
        <span aria-hidden className="text-muted-foreground">
          –
        </span>
        <Input
          type="date"
          aria-label="To"
          className="w-37 px-2.5 max-sm:flex-1"
          value={filter.to ?? ""}
          min={filter.from}
          max={dayBefore()}
          onChange={(event) => change({ to: day(event.target.value) })}
        />
      </div>
    </FilterBar>
  );
}
