import { Link } from "@tanstack/react-router";
import { useUsage } from "@/api/get-usage";
import { BarChart } from "@/components/charts/bar-chart";
import { QueryState } from "@/components/query-state";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { dayBefore, daysBetween } from "@/lib/days";
import { formatDay } from "@/lib/format";

/** The executions of the last two weeks. */
export function WeeksCard() {
  const from = dayBefore(13);
  const to = dayBefore();
  const query = useUsage(from, to);
  return (
    <Card>
      <CardHeader
        title="Executions"
        description="The last 14 days, UTC"
        action={
          <Link to="/usage" className="text-[0.8125rem] text-primary hover:underline">
            All figures
          </Link>
        }
      />
      <CardBody>
        <QueryState query={query} skeleton={<Skeleton className="h-44" />}>
          {(report) => {
            const known = new Map(report.days.map((day) => [day.date, day]));
            return (
              <BarChart
                name="Executions"
                badName="Failed"
                height={150}
                bars={daysBetween(from, to).map((date) => ({
                  label: formatDay(date),
                  value: known.get(date)?.executions ?? 0,
                  bad: known.get(date)?.failed_executions ?? 0,
                }))}
              />
            );
          }}
        </QueryState>
      </CardBody>
    </Card>
  );
}
