import { useNavigate, useSearch } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { ExecutionList } from "@/features/activity/components/execution-list";

export function ActivityRoute() {
  const filter = useSearch({ from: "/app/activity" });
  const navigate = useNavigate();
  return (
    <Page
      title="Activity"
      description="Every run of your plugins: what it did, what it used, and what went wrong."
    >
      <ExecutionList
        filter={filter}
        onFilter={(next) => void navigate({ to: "/activity", search: next, replace: true })}
      />
    </Page>
  );
}
