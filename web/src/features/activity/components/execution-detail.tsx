import { Link } from "@tanstack/react-router";
import { Send } from "lucide-react";
import type { ReactNode } from "react";
import { LimitBar } from "@/components/limit-bar";
import { LogCard, NothingHere } from "@/components/log-card";
import { TroubleCard } from "@/components/trouble-card";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { ReplayCard } from "@/features/activity/components/replay-card";
import { EFFECT_STATES, executionCause } from "@/features/activity/words";
import type { Effect, ExecutionDetail as Execution, Limits, UnknownCall } from "@/lib/api-types";
import { formatBytes, formatCompact, formatDateTime, formatDuration, humanize } from "@/lib/format";

interface ExecutionDetailProps {
  execution: Execution;
  /** What the plan allows, once it is known. */
  limits: Limits | undefined;
}

/** One run: what went wrong, what it used, what it did, and what it wrote down. */
export function ExecutionDetail({ execution, limits }: ExecutionDetailProps) {
  const { trouble, plugin, gateway, event } = execution;
  return (
    <div className="grid grid-cols-1 gap-5">
      {trouble && (
        <TroubleCard
          trouble={trouble}
          actions={
            (plugin ?? execution.is_dead_letter) && (
              <>
                {execution.is_dead_letter && (
                  <Button asChild size="sm">
                    <Link to="/failed/$letterId" params={{ letterId: execution.id }}>
                      Decide what to do
                    </Link>
                  </Button>
                )}
                {plugin && (
                  <Button asChild variant="outline" size="sm">
                    <Link to="/plugins/$slug" params={{ slug: plugin.slug }}>
                      Open {plugin.name}
                    </Link>
                  </Button>
                )}
              </>
            )
          }
        />
      )}
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="grid grid-cols-1 gap-5">
          <Effects effects={execution.effects} unknown={execution.unknown_calls} />
          <LogCard logs={execution.logs} />
          <ReplayCard execution={execution} />
        </div>
        <div className="grid grid-cols-1 gap-5">
          <Card>
            <CardHeader title="Used" />
            <CardBody className="grid gap-4">
              <Used name="Fuel" used={execution.fuel} allowed={limits?.fuel_per_execution} unit="fuel" />
              <Used
                name="Peak memory"
                used={execution.peak_memory_bytes}
                allowed={plugin ? limits?.plugin_memory_bytes : limits?.gateway_memory_bytes}
                unit="bytes"
              />
              <Used
                name="Time"
                used={execution.wall_ms}
                allowed={limits && limits.execution_seconds * 1_000}
                unit="ms"
              />
            </CardBody>
          </Card>
          <Card>
            <CardHeader title="Details" />
            <CardBody>
              <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 text-[0.8125rem]">
                <Fact name="Cause">{executionCause(execution)}</Fact>
                {event?.summary && <Fact name="Event">{event.summary}</Fact>}
                {gateway && (
                  <Fact name="Gateway">
                    <Link
                      to="/gateways/$gatewayId"
                      params={{ gatewayId: gateway.id }}
                      className="text-primary hover:underline"
                    >
                      {gateway.name}
                    </Link>
                  </Fact>
                )}
                {execution.retry_of && (
                  <Fact name="In place of">
                    <Link
                      to="/activity/$executionId"
                      params={{ executionId: execution.retry_of }}
                      className="text-primary hover:underline"
                    >
                      the run that failed
                    </Link>
                  </Fact>
                )}
                <Fact name="Attempt">{execution.attempt}</Fact>
                <Fact name="Began">{formatDateTime(execution.created_at)}</Fact>
                {execution.finished_at && <Fact name="Ended">{formatDateTime(execution.finished_at)}</Fact>}
                <Fact name="Id">
                  <code className="text-xs break-all select-all">{execution.id}</code>
                </Fact>
              </dl>
            </CardBody>
          </Card>
        </div>
      </div>
    </div>
  );
}

interface UsedProps {
  name: string;
  used: number;
  allowed: number | undefined;
  unit: "fuel" | "bytes" | "ms";
}

function Used({ name, used, allowed, unit }: UsedProps) {
  if (allowed) return <LimitBar limit={{ name, used, allowed, unit }} />;
  const text =
    unit === "bytes" ? formatBytes(used) : unit === "ms" ? formatDuration(used) : formatCompact(used);
  return (
    <div className="flex justify-between text-xs">
      <span className="font-medium">{name}</span>
      <span className="text-muted-foreground tabular-nums">{text}</span>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted-foreground">{name}</dt>
      <dd className="min-w-0 text-right break-words">{children}</dd>
    </>
  );
}

function Effects({ effects, unknown }: { effects: Effect[]; unknown: UnknownCall[] }) {
  return (
    <Card>
      <CardHeader title="What it did" description="Messages and calls that left the sandbox" />
      {effects.length + unknown.length === 0 ? (
        <NothingHere icon={<Send className="size-4" />}>It sent nothing.</NothingHere>
      ) : (
        <ul className="divide-y border-t">
          {effects.map((effect) => (
            <li key={effect.id} className="grid gap-2 px-5 py-3">
              <div className="flex items-center gap-3 text-sm">
                <span className="min-w-0 flex-1 truncate">
                  <span className="font-medium">{humanize(effect.kind)}</span>
                  <span className="text-muted-foreground"> · {effect.gateway.name}</span>
                </span>
                {effect.attempts > 1 && (
                  <span className="text-xs text-muted-foreground">{effect.attempts} attempts</span>
                )}
                <Badge tone={EFFECT_STATES[effect.state].tone} dot>
                  {EFFECT_STATES[effect.state].label}
                </Badge>
              </div>
              {effect.repeats > 0 && (
                <p className="text-xs text-muted-foreground">
                  {effect.repeats === 1
                    ? "It may have been done twice: the first try was not confirmed."
                    : `It may have been done up to ${effect.repeats + 1} times: earlier tries were not confirmed.`}
                </p>
              )}
              {effect.error && (
                <TroubleCard
                  trouble={effect.error}
                  actions={
                    effect.state === "failed" && (
                      <Button asChild variant="outline" size="sm">
                        <Link to="/failed/$letterId" params={{ letterId: effect.id }}>
                          See it under Failed
                        </Link>
                      </Button>
                    )
                  }
                />
              )}
            </li>
          ))}
          {unknown.map((call) => (
            <li key={call.at + call.error.detail} className="grid gap-2 px-5 py-3">
              <div className="flex items-center gap-3 text-sm">
                <span className="min-w-0 flex-1 truncate font-medium">A call that it waited for</span>
                <span className="text-xs text-muted-foreground">{formatDateTime(call.at)}</span>
                <Badge tone="warning" dot>
                  Not known
                </Badge>
              </div>
              <TroubleCard trouble={call.error} tone="warning" />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
