import { useGatewayKinds } from "@/api/get-gateway-kinds";
import { CopyField } from "@/components/copy-field";
import { ManagersOnly } from "@/components/managers-only";
import { RelativeTime } from "@/components/relative-time";
import { Stat } from "@/components/stat";
import { TroubleCard } from "@/components/trouble-card";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { useConnectGateway } from "@/features/gateways/api/connect-gateway";
import { DeliveriesCard } from "@/features/gateways/components/deliveries-card";
import { EditGatewayForm } from "@/features/gateways/components/edit-gateway-form";
import { GatewayTestPanel } from "@/features/gateways/components/gateway-test-panel";
import { WebhookCard } from "@/features/gateways/components/webhook-card";
import { isAddressedByPeople } from "@/features/gateways/web-hook";
import type { Gateway } from "@/lib/api-types";
import { formatCompact } from "@/lib/format";

/** One gateway: its trouble first, then its settings, and beside them what came through it. */
export function GatewayDetail({ gateway }: { gateway: Gateway }) {
  const kinds = useGatewayKinds();
  const kind = kinds.data?.find((known) => known.kind === gateway.kind);
  const connect = useConnectGateway(gateway.id);
  const isHook = kind !== undefined && isAddressedByPeople(kind);
  return (
    <div className="grid grid-cols-1 gap-5">
      {gateway.status_reason && gateway.status !== "connected" && (
        <TroubleCard
          trouble={gateway.status_reason}
          actions={
            <Button
              variant="outline"
              size="sm"
              pending={connect.isPending}
              onClick={() => connect.mutate(true)}
            >
              Try to connect again
            </Button>
          }
        />
      )}
      {isHook && <WebhookCard gateway={gateway} />}
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <Card>
          <CardHeader title="Settings" description={kind?.summary} />
          <CardBody>
            {kind ? (
              // Another version of the gateway is another form; a refresh of the same must not wipe what is typed.
              <ManagersOnly show>
                <EditGatewayForm key={gateway.id} gateway={gateway} kind={kind} />
              </ManagersOnly>
            ) : (
              <Skeleton className="h-48" />
            )}
          </CardBody>
        </Card>
        <div className="grid grid-cols-1 gap-5">
          <Card>
            <CardHeader title="Connection" />
            <CardBody className="grid gap-4">
              {gateway.account && <AccountFacts account={gateway.account} />}
              {gateway.webhook_url && !isHook && (
                <div className="grid gap-1.5">
                  <p className="text-xs text-muted-foreground">Webhook address</p>
                  <CopyField value={gateway.webhook_url} label="webhook address" />
                </div>
              )}
              <ManagersOnly>
                <GatewayTestPanel gatewayId={gateway.id} />
              </ManagersOnly>
            </CardBody>
          </Card>
          <Card>
            <CardHeader
              title="Events"
              description={
                gateway.last_event_at ? (
                  <>
                    The last <RelativeTime time={gateway.last_event_at} />
                  </>
                ) : (
                  "None yet"
                )
              }
            />
            <CardBody>
              <dl className="grid grid-cols-2 gap-4">
                <Stat label="Accepted" value={formatCompact(gateway.counts.accepted)} />
                <Stat label="Not handled" value={formatCompact(gateway.counts.not_handled)} />
                <Stat label="Duplicates dropped" value={formatCompact(gateway.counts.duplicates)} />
                <Stat label="Refused" value={formatCompact(gateway.counts.refused)} />
              </dl>
            </CardBody>
          </Card>
        </div>
      </div>
      {isHook && <DeliveriesCard gatewayId={gateway.id} />}
    </div>
  );
}

function AccountFacts({ account }: { account: NonNullable<Gateway["account"]> }) {
  const facts = Object.entries({ Account: account.name, ...account.details });
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 text-[0.8125rem]">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted-foreground">{name}</dt>
          <dd className="min-w-0 text-right break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
