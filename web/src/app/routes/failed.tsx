import { useNavigate, useSearch } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { FailedList } from "@/features/failed/components/failed-list";

export function FailedRoute() {
  const filter = useSearch({ from: "/app/failed" });
  const navigate = useNavigate();
  return (
    <Page
      title="Failed"
      description="What was tried and had to be given up. Nothing more happens to it until you run it again or discard it."
    >
      <FailedList
        filter={filter}
        onFilter={(next) => void navigate({ to: "/failed", search: next, replace: true })}
      />
    </Page>
  );
}
