import type { DeadLetterFilter } from "@/api/get-dead-letter-count";
import { useGateways } from "@/api/get-gateways";
import { useInstalls } from "@/api/get-installs";
import { Select } from "@/components/ui/select";
import { KINDS, otherReasons, REASONS } from "@/features/failed/words";
import type { DeadLetter, DeadLetterKind } from "@/lib/api-types";

interface FailedFiltersProps {
  filter: DeadLetterFilter;
  onFilter: (filter: DeadLetterFilter) => void;
  /** What is shown, whose reasons can be chosen as well. */
  items: DeadLetter[];
}

const HALF = "w-44 max-sm:w-[calc(50%-0.25rem)]";

/** What, whose, through which gateway, and why. */
export function FailedFilters({ filter, onFilter, items }: FailedFiltersProps) {
  const installs = useInstalls();
  const gateways = useGateways();
  const change = (part: DeadLetterFilter) =>
    onFilter(Object.fromEntries(Object.entries({ ...filter, ...part }).filter(([, value]) => value)));
  const others = otherReasons(items, filter.code);
  return (
    <div className="flex flex-wrap gap-2 border-b p-3">
      <Select
        aria-label="What failed"
        className={HALF}
        value={filter.kind ?? ""}
        onChange={(event) => change({ kind: event.target.value as DeadLetterKind })}
      >
        <option value="">Everything</option>
        {Object.entries(KINDS).map(([kind, words]) => (
          <option key={kind} value={kind}>
            {words.filter}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Plugin"
        className={HALF}
        value={filter.plugin ?? ""}
        onChange={(event) => change({ plugin: event.target.value })}
      >
        <option value="">All plugins</option>
        {installs.data?.map(({ plugin }) => (
          <option key={plugin.slug} value={plugin.slug}>
            {plugin.name}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Gateway"
        className={HALF}
        value={filter.gateway ?? ""}
        onChange={(event) => change({ gateway: event.target.value })}
      >
        <option value="">All gateways</option>
        {gateways.data?.map((gateway) => (
          <option key={gateway.id} value={gateway.id}>
            {gateway.name}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Reason"
        className={HALF}
        value={filter.code ?? ""}
        onChange={(event) => change({ code: event.target.value })}
      >
        <option value="">All reasons</option>
        {Object.entries(REASONS).map(([group, reasons]) => (
          <optgroup key={group} label={group}>
            {Object.entries(reasons).map(([code, label]) => (
              <option key={code} value={code}>
                {label}
              </option>
            ))}
          </optgroup>
        ))}
        {others.length > 0 && (
          <optgroup label="Others">
            {others.map(([code, label]) => (
              <option key={code} value={code}>
                {label}
              </option>
            ))}
          </optgroup>
        )}
      </Select>
    </div>
  );
}
