import { BarChart } from "@/components/charts/bar-chart";
import { HourStrip } from "@/components/charts/hour-strip";
import { Stat } from "@/components/stat";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { everyDay, everyHour, type TrafficReport } from "@/features/analytics/traffic-report";
import { formatDay, formatHour, formatNumber } from "@/lib/format";

/** Messages by day, hour, chat and sender. */
export function TrafficReportView({ report }: { report: TrafficReport }) {
  const days = everyDay(report);
  const busiest = report.busiest_hours.slice(0, 3).map(formatHour).join(", ");
  const average = days.length > 0 ? report.total_messages / days.length : 0;
  return (
    <div className="grid grid-cols-1 gap-4">
      <Card>
        <dl className="grid grid-cols-2 gap-4 px-5 py-4 sm:grid-cols-4">
          <div data-testid="total-messages">
            <Stat label="Messages" value={formatNumber(report.total_messages)} />
          </div>
          <Stat label="Active people" value={formatNumber(report.active_users)} />
          <Stat label="A day on average" value={formatNumber(Math.round(average * 10) / 10)} />
          <Stat label="Busiest hours" value={<span className="text-base">{busiest || "–"}</span>} />
        </dl>
      </Card>
      <Card>
        <CardHeader title="Messages by day" />
        <CardBody>
          <BarChart
            name="Messages"
            bars={days.map((day) => ({ label: formatDay(day.date), value: day.messages }))}
          />
        </CardBody>
      </Card>
      <Card>
        <CardHeader title="By hour of the day" description="In the time zone of the plugin's settings" />
        <CardBody>
          <HourStrip values={everyHour(report)} name="message" />
        </CardBody>
      </Card>
      <div className="grid items-start gap-4 md:grid-cols-2">
        <Ranking
          title="Chats"
          entries={report.chats.map((chat) => ({
            id: chat.id,
            name: chat.title || chat.id,
            value: chat.messages,
          }))}
        />
        <Ranking
          title="People"
          entries={report.senders.map((one) => ({
            id: one.id,
            name: one.name || one.id,
            value: one.messages,
          }))}
        />
      </div>
    </div>
  );
}

interface RankingProps {
  title: string;
  entries: { id: string; name: string; value: number }[];
}

/** Who has most of it, with bars to compare. */
function Ranking({ title, entries }: RankingProps) {
  const top = [...entries].sort((left, right) => right.value - left.value).slice(0, 10);
  const highest = Math.max(...top.map((entry) => entry.value), 1);
  return (
    <Card>
      <CardHeader title={title} />
      <CardBody>
        {top.length === 0 ? (
          <p className="text-sm text-muted-foreground">Nobody wrote in these days.</p>
        ) : (
          <ol className="grid grid-cols-1 gap-2.5">
            {top.map((entry) => (
              <li key={entry.id} className="grid grid-cols-1 gap-1">
                <div className="flex justify-between gap-4 text-[0.8125rem]">
                  <span className="truncate">{entry.name}</span>
                  <span className="text-muted-foreground tabular-nums">{formatNumber(entry.value)}</span>
                </div>
                <div aria-hidden className="h-1.5 overflow-hidden rounded-full bg-muted">
                  <div
                    className="h-full rounded-full bg-brand"
                    style={{ width: `${(entry.value / highest) * 100}%` }}
                  />
                </div>
              </li>
            ))}
          </ol>
        )}
      </CardBody>
    </Card>
  );
}
