import { useNavigate, useSearch } from "@tanstack/react-router";
import { DayRange, rangeOf } from "@/components/day-range";
import { Page } from "@/components/page";
import { RefreshReports } from "@/features/analytics/components/refresh-reports";
import { Reports } from "@/features/analytics/components/reports";

export function AnalyticsRoute() {
  const search = useSearch({ from: "/app/analytics" });
  const navigate = useNavigate();
  const range = rangeOf(search, 30);
  return (
    <Page
      title="Analytics"
      description="What your plugins report."
      actions={
        <>
          <DayRange
            value={range}
            onChange={(next) => void navigate({ to: "/analytics", search: next, replace: true })}
          />
          <RefreshReports range={range} />
        </>
      }
    >
      <Reports range={range} />
    </Page>
  );
}
