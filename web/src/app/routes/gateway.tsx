import { useNavigate, useParams } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";
import { Link } from "@tanstack/react-router";
import { BackLink } from "@/components/back-link";
import { ManagersOnly } from "@/components/managers-only";
import { Page } from "@/components/page";
import { QueryState } from "@/components/query-state";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { useGateway } from "@/features/gateways/api/get-gateway";
import { GatewayActions } from "@/features/gateways/components/gateway-actions";
import { GatewayDetail } from "@/features/gateways/components/gateway-detail";
import { GatewayIcon } from "@/features/gateways/components/gateway-icon";
import { GatewayStatusBadge } from "@/features/gateways/components/gateway-status";

export function GatewayRoute() {
  const { gatewayId } = useParams({ from: "/app/gateways/$gatewayId" });
  const navigate = useNavigate();
  const query = useGateway(gatewayId);
  const gateway = query.data;
  return (
    <Page
      title={gateway?.name ?? "Gateway"}
      above={<BackLink to="/gateways">Gateways</BackLink>}
      heading={
        gateway && (
          <span className="flex flex-wrap items-center gap-x-3 gap-y-2">
            <GatewayIcon kind={gateway.kind} className="bg-card" />
            {gateway.name}
            <GatewayStatusBadge status={gateway.status} />
          </span>
        )
      }
      actions={
        gateway && (
          <>
            {gateway.kind === "web-chat" && (
              <Button asChild>
                <Link to="/chat/$gatewayId" params={{ gatewayId: gateway.id }}>
                  <MessagesSquare /> Open chat
                </Link>
              </Button>
            )}
            <ManagersOnly>
              <GatewayActions gateway={gateway} onDeleted={() => void navigate({ to: "/gateways" })} />
            </ManagersOnly>
          </>
        )
      }
    >
      <QueryState query={query} skeleton={<Skeleton className="h-80 rounded-xl" />}>
        {(loaded) => <GatewayDetail key={loaded.id} gateway={loaded} />}
      </QueryState>
    </Page>
  );
}
