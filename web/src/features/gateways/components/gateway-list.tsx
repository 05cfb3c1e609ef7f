import { Link } from "@tanstack/react-router";
import { ChevronRight, Plug, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useGatewayKinds } from "@/api/get-gateway-kinds";
import { useGateways } from "@/api/get-gateways";
import { EmptyState } from "@/components/empty-state";
import { QueryState } from "@/components/query-state";
import { RelativeTime } from "@/components/relative-time";
import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { GatewayIcon } from "@/features/gateways/components/gateway-icon";
import { GatewayStatusBadge } from "@/features/gateways/components/gateway-status";
import type { Gateway } from "@/lib/api-types";
import { formatCompact, humanize } from "@/lib/format";

/** All gateways; the ones in trouble first, with what happened and what to do. */
export function GatewayList({ addButton }: { addButton: ReactNode }) {
  const query = useGateways();
  return (
    <QueryState query={query} skeleton={<ListSkeleton />}>
      {(gateways) =>
        gateways.length === 0 ? (
          <Card>
            <EmptyState icon={Plug} title="No gateways yet" action={addButton}>
              A gateway connects 2Bot to where people write: a Telegram bot, a chat in your browser, an AI
              provider. Start with a web chat: it needs no outside account.
            </EmptyState>
          </Card>
        ) : (
          <ul className="grid grid-cols-1 gap-3">
            {[...gateways].sort(troublesFirst).map((gateway) => (
              <GatewayRow key={gateway.id} gateway={gateway} />
            ))}
          </ul>
        )
      }
    </QueryState>
  );
}

function GatewayRow({ gateway }: { gateway: Gateway }) {
  const kinds = useGatewayKinds();
  const kind = kinds.data?.find((known) => known.kind === gateway.kind);
  const trouble = gateway.status_reason;
  return (
    <li className="group relative surface transition-colors hover:border-input" data-testid="gateway">
      <div className="flex items-center gap-4 p-4">
        <GatewayIcon kind={gateway.kind} />
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <Link
              to="/gateways/$gatewayId"
              params={{ gatewayId: gateway.id }}
              className="truncate font-medium after:absolute after:inset-0 after:rounded-xl"
            >
              {gateway.name}
            </Link>
            <GatewayStatusBadge status={gateway.status} />
          </div>
          <p className="mt-0.5 flex flex-wrap gap-x-2 text-[0.8125rem] text-muted-foreground">
            <span>{kind?.name ?? humanize(gateway.kind)}</span>
            {gateway.account && <span className="truncate">· {gateway.account.name}</span>}
            {gateway.last_event_at && (
              <span>
                · last event <RelativeTime time={gateway.last_event_at} />
              </span>
            )}
          </p>
        </div>
        <div className="hidden text-right sm:block">
          <div className="text-sm font-medium tabular-nums">{formatCompact(gateway.counts.accepted)}</div>
          <div className="text-xs text-muted-foreground">events</div>
        </div>
        <ChevronRight aria-hidden className="size-4 shrink-0 text-muted-foreground" />
      </div>
      {trouble && gateway.status === "error" && (
        <div
          className="flex gap-2.5 border-t px-4 py-3 text-[0.8125rem]"
          data-testid="trouble"
          data-code={trouble.code}
        >
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-danger" />
          <p className="min-w-0 break-words">
            <span className="font-medium">{trouble.title}.</span>{" "}
            <span className="text-muted-foreground">{trouble.advice}</span>
          </p>
        </div>
      )}
    </li>
  );
}

function ListSkeleton() {
  return (
    <div className="grid grid-cols-1 gap-3">
      {[0, 1, 2].map((row) => (
        <div key={row} className="flex items-center gap-4 surface p-4">
          <Skeleton className="size-10 rounded-xl" />
          <div className="grid flex-1 gap-2">
            <Skeleton className="h-4 w-40" />
            <Skeleton className="h-3 w-64 max-w-full" />
          </div>
        </div>
      ))}
    </div>
  );
}

function troublesFirst(left: Gateway, right: Gateway): number {
  const rank = (gateway: Gateway) => (gateway.status === "error" ? 0 : 1);
  return rank(left) - rank(right) || left.name.localeCompare(right.name);
}
