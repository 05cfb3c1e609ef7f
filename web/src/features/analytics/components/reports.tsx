import { Link } from "@tanstack/react-router";
import { ChartColumn } from "lucide-react";
import type { Range } from "@/components/day-range";
import { EmptyState } from "@/components/empty-state";
import { JsonView } from "@/components/json-view";
import { QueryState } from "@/components/query-state";
import { TroubleCard } from "@/components/trouble-card";
import { Button } from "@/components/ui/button";
import { Card, CardBody } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { useReports } from "@/features/analytics/api/get-reports";
import { TrafficReportView } from "@/features/analytics/components/traffic-report-view";
import { readTrafficReport } from "@/features/analytics/traffic-report";
import type { ReportResult } from "@/lib/api-types";
import { cn } from "@/lib/utils";

/** What the installed plugins report about these days. */
export function Reports({ range }: { range: Range }) {
  const query = useReports(range.from, range.to);
  return (
    <QueryState query={query} skeleton={<ReportSkeleton />}>
      {(reports) =>
        reports.length === 0 ? (
          <Card>
            <EmptyState
              icon={ChartColumn}
              title="No plugin reports anything yet"
              action={
                <Button asChild>
                  <Link to="/plugins" search={{ tab: "catalogue" }}>
                    Browse plugins
                  </Link>
                </Button>
              }
            >
              Install Analytics and bind it to a gateway: from then on its messages are counted here.
            </EmptyState>
          </Card>
        ) : (
          <div
            className={cn(
              "grid grid-cols-1 gap-8 transition-opacity",
              query.isPlaceholderData && "opacity-60",
            )}
          >
            {reports.map((report) => (
              <Report
                key={`${report.plugin.slug}/${report.action}`}
                report={report}
                titled={reports.length > 1}
              />
            ))}
          </div>
        )
      }
    </QueryState>
  );
}

function Report({ report, titled }: { report: ReportResult; titled: boolean }) {
  const traffic = readTrafficReport(report.output);
  return (
    <section aria-label={`${report.plugin.name}: ${report.title}`}>
      {titled && (
        <h2 className="mb-3 text-sm font-semibold">
          {report.title} <span className="font-normal text-muted-foreground">· {report.plugin.name}</span>
        </h2>
      )}
      {report.trouble ? (
        <TroubleCard trouble={report.trouble} subject={report.plugin.name} />
      ) : traffic ? (
        <TrafficReportView report={traffic} />
      ) : (
        <Card>
          <CardBody className="pt-5">
            <JsonView value={report.output} />
          </CardBody>
        </Card>
      )}
    </section>
  );
}

function ReportSkeleton() {
  return (
    <div className="grid grid-cols-1 gap-4">
      <Skeleton className="h-20 rounded-xl" />
      <Skeleton className="h-64 rounded-xl" />
      <Skeleton className="h-36 rounded-xl" />
    </div>
  );
}
