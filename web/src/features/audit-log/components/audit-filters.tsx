import { useInstalls } from "@/api/get-installs";
import { useMe } from "@/api/get-me";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import type { AuditFilter } from "@/features/audit-log/filter";
import { AREAS, OUTCOMES } from "@/features/audit-log/words";
import type { AuditOutcome } from "@/lib/api-types";
import { dayBefore, isDay } from "@/lib/days";

interface AuditFiltersProps {
  filter: AuditFilter;
  onFilter: (filter: AuditFilter) => void;
}

/** What, who, how it went, and from when to when (UTC days). */
export function AuditFilters({ filter, onFilter }: AuditFiltersProps) {
  const { user } = useMe();
  const installs = useInstalls();
  const change = (part: AuditFilter) => {
    const { from, to, ...rest } = { ...filter, ...part };
    const wanted = { ...rest, from, to: from && to && from > to ? undefined : to };
    onFilter(Object.fromEntries(Object.entries(wanted).filter(([, value]) => value)));
  };
  const day = (value: string) => (isDay(value) ? value : undefined);
  return (
    <div className="flex flex-wrap gap-2 border-b p-3">
      <Select
        aria-label="What"
        className="w-48 max-sm:w-full"
        value={filter.action ?? ""}
        onChange={(event) => change({ action: event.target.value })}
      >
        <option value="">Everything</option>
        {Object.entries(AREAS).map(([area, label]) => (
          <option key={area} value={area}>
            {label}
          </option>
        ))}
        {filter.action && !(filter.action in AREAS) && <option value={filter.action}>{filter.action}</option>}
      </Select>
      <Select
        aria-label="Who"
        className="w-40 max-sm:flex-1"
        value={filter.actor ?? ""}
        onChange={(event) => change({ actor: event.target.value })}
      >
        <option value="">Anyone</option>
        <option value={user.id}>{user.name}</option>
        {installs.data?.map((install) => (
          <option key={install.id} value={install.id}>
            {install.plugin.name}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Outcome"
        className="w-36 max-sm:flex-1"
        value={filter.outcome ?? ""}
        onChange={(event) => change({ outcome: (event.target.value || undefined) as AuditOutcome })}
      >
        <option value="">All outcomes</option>
        {Object.entries(OUTCOMES).map(([outcome, { label }]) => (
          <option key={outcome} value={outcome}>
            {label}
          </option>
        ))}
      </Select>
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
    </div>
  );
}
