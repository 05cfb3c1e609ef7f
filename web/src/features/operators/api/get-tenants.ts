import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { TenantFilter } from "@/features/operators/filter";
import { api, path } from "@/lib/api-client";
import type { AuditCheck, Page, TenantDetail, TenantSummary, Workspace } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** All tenants, newest first. */
export const getTenants = (filter: TenantFilter, cursor?: string, signal?: AbortSignal) =>
  api<Page<TenantSummary>>("/admin/tenants", { query: { ...filter, limit: 50, cursor }, signal });

export const tenantsQuery = (filter: TenantFilter) =>
  infiniteQueryOptions({
    queryKey: [...queryKeys.operators, "tenants", filter],
    queryFn: ({ signal, pageParam }) => getTenants(filter, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const getTenant = (id: string, signal?: AbortSignal) =>
  api<TenantDetail>(path`/admin/tenants/${id}`, { signal });

export const tenantQuery = (id: string) =>
  queryOptions({
    queryKey: [...queryKeys.operators, "tenant", id],
    queryFn: ({ signal }) => getTenant(id, signal),
  });

/** Whether a tenant's audit log is as it was written. */
export const verifyAuditLog = (id: string) => api<AuditCheck>(path`/admin/tenants/${id}/audit-log/verify`);

export const plansQuery = queryOptions({
  queryKey: [...queryKeys.operators, "plans"],
  queryFn: ({ signal }) => api<Page<Workspace["plan"]>>("/admin/plans", { signal }),
  staleTime: Infinity,
});
