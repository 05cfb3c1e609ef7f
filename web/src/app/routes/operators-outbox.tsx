import { useNavigate, useSearch } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { MailList } from "@/features/operators/components/mail-list";

export function OutboxRoute() {
  const filter = useSearch({ from: "/app/operators/outbox" });
  const navigate = useNavigate();
  return (
    <Page title="Outbox" description="The mails to people: what waits, and what became of the others.">
      <MailList
        filter={filter}
        onFilter={(next) => void navigate({ to: "/operators/outbox", search: next, replace: true })}
      />
    </Page>
  );
}
