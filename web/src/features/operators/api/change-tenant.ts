import { useMutation, useQueryClient } from "@tanstack/react-query";
import { tenantQuery } from "@/features/operators/api/get-tenants";
import { api, path } from "@/lib/api-client";
import type { TenantDetail } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export type TenantChange = { suspend: string } | { resume: true } | { plan: string };

export function changeTenant(id: string, change: TenantChange): Promise<TenantDetail> {
  if ("suspend" in change) {
    return api(path`/admin/tenants/${id}/suspend`, { method: "POST", body: { reason: change.suspend } });
  }
  if ("plan" in change) {
    return api(path`/admin/tenants/${id}/plan`, { method: "PUT", body: { plan: change.plan } });
  }
  return api(path`/admin/tenants/${id}/resume`, { method: "POST" });
}

/** Suspends or resumes a tenant, or moves it to another plan. */
export function useChangeTenant(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: TenantChange) => changeTenant(id, change),
    onSuccess: (tenant) => {
      client.setQueryData(tenantQuery(id).queryKey, tenant);
      return client.invalidateQueries({ queryKey: queryKeys.operators });
    },
  });
}
