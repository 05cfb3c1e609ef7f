import { useInfiniteQuery } from "@tanstack/react-query";
import { ScrollText } from "lucide-react";
import { FilteredList } from "@/components/filtered-list";
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
  return (
    <FilteredList
      query={useInfiniteQuery(auditLogQuery(filter))}
      filter={filter}
      onFilter={onFilter}
      filters={<AuditFilters filter={filter} onFilter={onFilter} />}
      skeleton={<AuditRowsSkeleton />}
      empty={{
        icon: ScrollText,
        title: "Nothing was recorded yet",
        text: "Signing in, changes to gateways and plugins, and what plugins were not allowed to do will stand here.",
      }}
      unfit={{ text: "Other things may have happened, or at another time." }}
    >
      {(entries) => <AuditRows entries={entries} />}
    </FilteredList>
  );
}
