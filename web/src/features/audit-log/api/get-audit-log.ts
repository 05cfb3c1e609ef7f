import { infiniteQueryOptions } from "@tanstack/react-query";
import type { AuditFilter } from "@/features/audit-log/filter";
import { api } from "@/lib/api-client";
import type { AuditEntry, Page } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** Who did what, newest first. */
export const getAuditLog = (filter: AuditFilter, cursor?: string, signal?: AbortSignal) =>
  api<Page<AuditEntry>>("/audit-log", { query: { ...filter, limit: 50, cursor }, signal });

/** All of it, page by page. */
export const auditLogQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: [...queryKeys.auditLog, filter],
    queryFn: ({ signal, pageParam }) => getAuditLog(filter, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
