import { useInfiniteQuery } from "@tanstack/react-query";
import { ScrollText } from "lucide-react";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { ShowOlder } from "@/components/show-older";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { auditLogQuery } from "@/features/audit-log/api/get-audit-log";
import { AuditFilters } from "@/features/audit-log/components/audit-filters";
import { AuditRows, AuditRowsSkeleton } from "@/features/audit-log/components/audit-rows";
import type { AuditFilter } from "@/features/audit-log/filter";

interface AuditListProps {
  filter: AuditFilter;
  onFilter: (filter: AuditFilter) => void;
}

/** Who did what, with filters, page by page. */
export function AuditList({ filter, onFilter }: AuditListProps) {
  const query = useInfiniteQuery(auditLogQuery(filter));
  const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = Object.keys(filter).length > 0;
  return (
    <Card>
      <AuditFilters filter={filter} onFilter={onFilter} />
      {query.isPending ? (
        <AuditRowsSkeleton />
      ) : query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} className="m-4" />
      ) : entries.length === 0 ? (
        <EmptyState
          icon={ScrollText}
          title={filtered ? "Nothing fits these filters" : "Nothing was recorded yet"}
          action={
            filtered && (
              <Button variant="outline" size="sm" onClick={() => onFilter({})}>
                Clear the filters
              </Button>
            )
          }
        >
          {filtered
            ? "Other things may have happened, or at another time."
            : "Signing in, changes to gateways and plugins, and what plugins were not allowed to do will stand here."}
        </EmptyState>
      ) : (
        <AuditRows entries={entries} />
      )}
      <ShowOlder pages={query} />
    </Card>
  );
}
