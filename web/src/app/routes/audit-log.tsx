import { useNavigate, useSearch } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { AuditList } from "@/features/audit-log/components/audit-list";

export function AuditLogRoute() {
  const filter = useSearch({ from: "/app/audit-log" });
  const navigate = useNavigate();
  return (
    <Page
      title="Audit log"
      description="Who did what, and what plugins tried without being allowed to. Nobody can change it here."
    >
      <AuditList
        filter={filter}
        onFilter={(next) => void navigate({ to: "/audit-log", search: next, replace: true })}
      />
    </Page>
  );
}
