import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Building2 } from "lucide-react";
import { FilteredList } from "@/components/filtered-list";
import { FilterBar, FilterSelect, FilterText } from "@/components/filters";
import { RelativeTime } from "@/components/relative-time";
import { Badge } from "@/components/ui/badge";
import { plansQuery, tenantsQuery } from "@/features/operators/api/get-tenants";
import { OperatorRowsSkeleton } from "@/features/operators/components/operator-rows-skeleton";
import { TENANT_STATES, type TenantFilter } from "@/features/operators/filter";
import { STATES } from "@/features/operators/words";
import type { TenantSummary } from "@/lib/api-types";
import { withParts } from "@/lib/filter";
import { plural } from "@/lib/format";

interface TenantListProps {
  filter: TenantFilter;
  onFilter: (filter: TenantFilter) => void;
}

/** All tenants, with filters, page by page. */
export function TenantList({ filter, onFilter }: TenantListProps) {
  return (
    <FilteredList
      query={useInfiniteQuery(tenantsQuery(filter))}
      filter={filter}
      onFilter={onFilter}
      filters={<TenantFilters filter={filter} onFilter={onFilter} />}
      skeleton={<OperatorRowsSkeleton />}
      empty={{
        icon: Building2,
        title: "Nobody is here yet",
        text: "Whoever makes an account on this server gets a line here.",
      }}
      unfit={{
        title: "No tenant fits these filters",
        text: "Names and addresses are found by any part of them.",
      }}
    >
      {(tenants) => (
        <ul className="divide-y" aria-label="Tenants">
          {tenants.map((tenant) => (
            <TenantRow key={tenant.id} tenant={tenant} />
          ))}
        </ul>
      )}
    </FilteredList>
  );
}

function TenantRow({ tenant }: { tenant: TenantSummary }) {
  const state = STATES[tenant.state];
  return (
    <li data-testid="tenant">
      <Link
        to="/operators/tenants/$tenantId"
        params={{ tenantId: tenant.id }}
        className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-5 py-3 hover:bg-accent"
      >
        <div className="min-w-0">
          <p className="truncate text-sm font-medium">{tenant.name}</p>
          <p className="truncate text-xs text-muted-foreground">
            {tenant.owner ?? "no owner"} · {plural(tenant.people, "person", "people")} · since{" "}
            <RelativeTime time={tenant.created_at} />
          </p>
        </div>
        <div className="flex flex-wrap items-center gap-2">
          {tenant.closes_at && <Badge tone="warning">Leaves</Badge>}
          <Badge tone="brand">{tenant.plan.name}</Badge>
          <Badge tone={state.tone} dot>
            {state.label}
          </Badge>
        </div>
      </Link>
    </li>
  );
}

function TenantFilters({ filter, onFilter }: TenantListProps) {
  const plans = useQuery(plansQuery);
  const change = (part: TenantFilter) => onFilter(withParts(filter, part));
  return (
    <FilterBar>
      <FilterText label="Name or address" value={filter.text} onChange={(text) => change({ text })} />
      <FilterSelect
        label="State"
        all="All states"
        value={filter.state}
        onChange={(state) => change({ state: state as TenantFilter["state"] })}
        options={TENANT_STATES.map((state) => [state, STATES[state].label])}
      />
      <FilterSelect
        label="Plan"
        all="All plans"
        value={filter.plan}
        onChange={(plan) => change({ plan })}
        options={plans.data?.items.map(({ id, name }) => [id, name] as const)}
      />
    </FilterBar>
  );
}
