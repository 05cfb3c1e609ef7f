import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMe } from "@/api/get-me";
import { DayRange, rangeOf } from "@/components/day-range";
import { Page } from "@/components/page";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { PlanLimits } from "@/features/usage/components/plan-limits";
import { UsageReportView } from "@/features/usage/components/usage-report";

export function UsageRoute() {
  const search = useSearch({ from: "/app/usage" });
  const navigate = useNavigate();
  const { tenant } = useMe();
  const range = rangeOf(search, 30);
  return (
    <Page
      title="Usage"
      description="What your workspace used, beside what its plan allows."
      actions={
        <DayRange
          value={range}
          onChange={(next) => void navigate({ to: "/usage", search: next, replace: true })}
        />
      }
    >
      <div className="grid grid-cols-1 gap-4">
        <Card>
          <CardHeader title={`${tenant.plan.name} plan`} description="Today and this month" />
          <CardBody>
            <PlanLimits />
          </CardBody>
        </Card>
        <UsageReportView range={range} />
      </div>
    </Page>
  );
}
