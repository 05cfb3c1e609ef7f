import { useState } from "react";
import { useUsage } from "@/api/get-usage";
import { BarChart } from "@/components/charts/bar-chart";
import type { Range } from "@/components/day-range";
import { QueryState } from "@/components/query-state";
import { Stat } from "@/components/stat";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import type { UsageFigures } from "@/lib/api-types";
import { daysBetween } from "@/lib/days";
import { formatBytes, formatCompact, formatDay, formatDuration, formatNumber } from "@/lib/format";
import { cn } from "@/lib/utils";

interface Figure {
  name: string;
  of: (figures: UsageFigures) => number;
  bad?: (figures: UsageFigures) => number;
  format?: (value: number) => string;
}

const FIGURES: Figure[] = [
  { name: "Executions", of: (day) => day.executions, bad: (day) => day.failed_executions },
  { name: "Messages in", of: (day) => day.messages_in },
  { name: "Messages out", of: (day) => day.messages_out },
  { name: "AI tokens", of: (day) => day.ai_tokens_in + day.ai_tokens_out },
  { name: "Fuel", of: (day) => day.fuel },
  { name: "Running time", of: (day) => day.wall_ms, format: formatDuration },
];

/** What was used in these days, in sum and by day. */
export function UsageReportView({ range }: { range: Range }) {
  const query = useUsage(range.from, range.to);
  const [chosen, setChosen] = useState(0);
  const figure = FIGURES[chosen] ?? FIGURES[0];
  return (
    <QueryState query={query} skeleton={<ReportSkeleton />}>
      {(report) => {
        const { totals } = report;
        const known = new Map(report.days.map((day) => [day.date, day]));
        const bars = daysBetween(range.from, range.to).map((date) => {
          const day = known.get(date);
          return {
            label: formatDay(date),
            value: day && figure ? figure.of(day) : 0,
            bad: day && figure?.bad ? figure.bad(day) : 0,
          };
        });
        return (
          <div
            className={cn(
              "grid grid-cols-1 gap-4 transition-opacity",
              query.isPlaceholderData && "opacity-60",
            )}
          >
            <Card>
              <dl className="grid grid-cols-2 gap-x-4 gap-y-5 px-5 py-4 sm:grid-cols-3 lg:grid-cols-6">
                <Stat
                  label="Executions"
                  value={formatCompact(totals.executions)}
                  hint={
                    totals.failed_executions > 0
                      ? `${formatNumber(totals.failed_executions)} failed`
                      : "none failed"
                  }
                />
                <Stat label="Messages in" value={formatCompact(totals.messages_in)} />
                <Stat label="Messages out" value={formatCompact(totals.messages_out)} />
                <Stat
                  label="AI tokens"
                  value={formatCompact(totals.ai_tokens_in + totals.ai_tokens_out)}
                  hint={`${formatCompact(totals.ai_tokens_in)} in, ${formatCompact(totals.ai_tokens_out)} out`}
                />
                <Stat label="Running time" value={formatDuration(totals.wall_ms)} />
                <Stat label="Peak memory" value={formatBytes(totals.peak_memory_bytes)} />
              </dl>
            </Card>
            <Card>
              <CardHeader
                title="By day"
                description="UTC days"
                action={
                  <Select
                    aria-label="Figure"
                    className="w-40"
                    value={chosen}
                    onChange={(event) => setChosen(Number(event.target.value))}
                  >
                    {FIGURES.map((one, index) => (
                      <option key={one.name} value={index}>
                        {one.name}
                      </option>
                    ))}
                  </Select>
                }
              />
              <CardBody>
                <BarChart
                  name={figure?.name ?? ""}
                  badName={figure?.bad ? "Failed" : undefined}
                  format={figure?.format}
                  bars={bars}
                />
              </CardBody>
            </Card>
          </div>
        );
      }}
    </QueryState>
  );
}

function ReportSkeleton() {
  return (
    <div className="grid grid-cols-1 gap-4">
      <Skeleton className="h-24 rounded-xl" />
      <Skeleton className="h-64 rounded-xl" />
    </div>
  );
}
