import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Building2 } from "lucide-react";
import { useState, type FormEvent } from "react";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { RelativeTime } from "@/components/relative-time";
import { ShowOlder } from "@/components/show-older";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { plansQuery, tenantsQuery } from "@/features/operators/api/get-tenants";
import { TENANT_STATES, type TenantFilter } from "@/features/operators/filter";
import { STATES } from "@/features/operators/words";
import type { TenantSummary } from "@/lib/api-types";
import { plural } from "@/lib/format";

interface TenantListProps {
  filter: TenantFilter;
  onFilter: (filter: TenantFilter) => void;
}

/** All tenants, with filters, page by page. */
export function TenantList({ filter, onFilter }: TenantListProps) {
  const query = useInfiniteQuery(tenantsQuery(filter));
  const tenants = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Card>
      <Filters filter={filter} onFilter={onFilter} />
      {query.isPending ? (
        <div aria-busy="true" className="grid gap-2 p-4">
          <Skeleton className="h-14" />
          <Skeleton className="h-14" />
        </div>
      ) : query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} className="m-4" />
      ) : tenants.length === 0 ? (
        <EmptyState
          icon={Building2}
          title="No tenant fits these filters"
          action={
            <Button variant="outline" size="sm" onClick={() => onFilter({})}>
              Clear the filters
            </Button>
          }
        >
          Names and addresses are found by any part of them.
        </EmptyState>
      ) : (
        <ul className="divide-y" aria-label="Tenants">
          {tenants.map((tenant) => (
            <TenantRow key={tenant.id} tenant={tenant} />
          ))}
        </ul>
      )}
      <ShowOlder pages={query} />
    </Card>
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

function Filters({ filter, onFilter }: TenantListProps) {
  const plans = useQuery(plansQuery);
  const [text, setText] = useState(filter.text ?? "");
  const change = (part: TenantFilter) => {
    const wanted = { ...filter, ...part };
    onFilter(Object.fromEntries(Object.entries(wanted).filter(([, value]) => value)));
  };
  function submit(event: FormEvent) {
    event.preventDefault();
    change({ text: text.trim() });
  }
  return (
    <form onSubmit={submit} role="search" className="flex flex-wrap gap-2 border-b p-3">
      <Input
        type="search"
        aria-label="Name or address"
        placeholder="Name or address"
        className="w-64 max-sm:w-full"
        maxLength={100}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => text.trim() !== (filter.text ?? "") && change({ text: text.trim() })}
      />
      <Select
        aria-label="State"
        className="w-36 max-sm:flex-1"
        value={filter.state ?? ""}
        onChange={(event) => change({ state: event.target.value as TenantFilter["state"] })}
      >
        <option value="">All states</option>
        {TENANT_STATES.map((state) => (
          <option key={state} value={state}>
            {STATES[state].label}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Plan"
        className="w-36 max-sm:flex-1"
        value={filter.plan ?? ""}
        onChange={(event) => change({ plan: event.target.value })}
      >
        <option value="">All plans</option>
        {plans.data?.items.map((plan) => (
          <option key={plan.id} value={plan.id}>
            {plan.name}
          </option>
        ))}
      </Select>
    </form>
  );
}
