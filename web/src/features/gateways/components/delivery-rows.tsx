import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { RelativeTime } from "@/components/relative-time";
import { Badge, type BadgeTone } from "@/components/ui/badge";
import type { InboundDelivery, OutboundDelivery } from "@/lib/api-types";
import { formatDuration } from "@/lib/format";

const INBOUND: Record<InboundDelivery["state"], { tone: BadgeTone; label: string }> = {
  waiting: { tone: "neutral", label: "Waiting" },
  running: { tone: "brand", label: "Being read" },
  decoded: { tone: "success", label: "Accepted" },
  not_handled: { tone: "neutral", label: "Not handled" },
  failed: { tone: "danger", label: "Failed" },
};

const OUTBOUND: Record<OutboundDelivery["state"], { tone: BadgeTone; label: string }> = {
  delivered: { tone: "success", label: "Delivered" },
  waiting: { tone: "warning", label: "Tried again soon" },
  failed: { tone: "danger", label: "Failed" },
};

/** One thing that arrived: what became of it, and on request what it says. */
export function InboundRow({ delivery }: { delivery: InboundDelivery }) {
  const { tone, label } = INBOUND[delivery.state];
  const runs = delivery.runs === 1 ? "1 run" : `${delivery.runs} runs`;
  return (
    <Row
      testId="inbound-delivery"
      badge={
        <Badge tone={tone} dot>
          {label}
        </Badge>
      }
      name={delivery.provider_id}
      time={delivery.received_at}
      facts={
        delivery.execution_id ? (
          <Link
            to="/activity/$executionId"
            params={{ executionId: delivery.execution_id }}
            className="text-primary hover:underline"
          >
            {runs}
          </Link>
        ) : (
          "no plugin took it"
        )
      }
      problem={delivery.note}
      text={delivery.beginning}
      textLabel="What it says"
    />
  );
}

/** One message that was posted: what the receiver answered, and how often it was tried. */
export function OutboundRow({ delivery }: { delivery: OutboundDelivery }) {
  const { tone, label } = OUTBOUND[delivery.state];
  const tries = delivery.attempts === 1 ? "1 try" : `${delivery.attempts} tries`;
  return (
    <Row
      testId="outbound-delivery"
      badge={
        <Badge tone={tone} dot>
          {label}
        </Badge>
      }
      name={delivery.message_id}
      time={delivery.tried_at}
      facts={
        <>
          {delivery.status === null ? "no answer" : `HTTP ${delivery.status}`} · {tries} ·{" "}
          {formatDuration(delivery.took_ms)} ·{" "}
          <Link
            to="/activity/$executionId"
            params={{ executionId: delivery.execution_id }}
            className="text-primary hover:underline"
          >
            its run
          </Link>
        </>
      }
      problem={delivery.problem}
      text={delivery.answer}
      textLabel="What the receiver answered"
    />
  );
}

interface RowProps {
  testId: string;
  badge: ReactNode;
  name: string;
  time: string;
  facts: ReactNode;
  problem: string | null;
  text: string;
  textLabel: string;
}

function Row({ testId, badge, name, time, facts, problem, text, textLabel }: RowProps) {
  return (
    <li className="grid gap-1.5 px-5 py-3" data-testid={testId}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        {badge}
        <code className="min-w-0 flex-1 truncate text-xs" title={name}>
          {name}
        </code>
        <span className="text-xs text-muted-foreground">{facts}</span>
        <RelativeTime time={time} className="text-xs text-muted-foreground" />
      </div>
      {problem && <p className="text-[0.8125rem] break-words text-danger">{problem}</p>}
      {text && (
        <details className="text-xs">
          <summary className="cursor-pointer text-muted-foreground">{textLabel}</summary>
          <pre className="mt-1.5 max-h-60 overflow-auto rounded-lg border bg-muted/60 p-3 break-all whitespace-pre-wrap">
            {text}
          </pre>
        </details>
      )}
    </li>
  );
}
