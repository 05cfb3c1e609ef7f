import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { BackLink } from "@/components/back-link";
import { Page } from "@/components/page";
import { QueryState } from "@/components/query-state";
import { Badge } from "@/components/ui/badge";
import { Skeleton } from "@/components/ui/skeleton";
import { tenantQuery } from "@/features/operators/api/get-tenants";
import { TenantActions } from "@/features/operators/components/tenant-actions";
import { TenantDetail } from "@/features/operators/components/tenant-detail";
import { STATES } from "@/features/operators/words";

export function TenantRoute() {
  const { tenantId } = useParams({ from: "/app/operators/tenants/$tenantId" });
  const query = useQuery(tenantQuery(tenantId));
  const tenant = query.data;
  return (
    <Page
      title={tenant?.name ?? "Tenant"}
      above={<BackLink to="/operators/tenants">Tenants</BackLink>}
      heading={
        tenant && (
          <span className="flex flex-wrap items-center gap-x-3 gap-y-2">
            {tenant.name}
            <Badge tone={STATES[tenant.state].tone} dot data-testid="tenant-state">
              {STATES[tenant.state].label}
            </Badge>
          </span>
        )
      }
      actions={tenant && <TenantActions tenant={tenant} />}
    >
      <QueryState query={query} skeleton={<Skeleton className="h-80 rounded-xl" />}>
        {(loaded) => <TenantDetail key={loaded.id} tenant={loaded} />}
      </QueryState>
    </Page>
  );
}
