import { useNavigate, useSearch } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { TenantList } from "@/features/operators/components/tenant-list";

export function TenantsRoute() {
  const filter = useSearch({ from: "/app/operators/tenants" });
  const navigate = useNavigate();
  return (
    <Page title="Tenants" description="Everybody on this server. What you do here stands in the audit logs.">
      <TenantList
        filter={filter}
        onFilter={(next) => void navigate({ to: "/operators/tenants", search: next, replace: true })}
      />
    </Page>
  );
}
