import { Link } from "@tanstack/react-router";
import { useGateways } from "@/api/get-gateways";
import { Card, CardHeader } from "@/components/ui/card";
import { GatewayIcon } from "@/features/gateways/components/gateway-icon";
import { GatewayStatusBadge } from "@/features/gateways/components/gateway-status";

/** The gateways with their states, in few words. Nothing where there are none: the first steps tell about that. */
export function GatewaySummary() {
  const gateways = useGateways().data ?? [];
  if (gateways.length === 0) return null;
  return (
    <Card>
      <CardHeader
        title="Gateways"
        action={
          <Link to="/gateways" className="text-[0.8125rem] text-primary hover:underline">
            All gateways
          </Link>
        }
      />
      <ul className="px-2 pb-2">
        {gateways.slice(0, 6).map((gateway) => (
          <li key={gateway.id}>
            <Link
              to="/gateways/$gatewayId"
              params={{ gatewayId: gateway.id }}
              className="flex items-center gap-3 rounded-lg px-3 py-2 hover:bg-accent"
            >
              <GatewayIcon kind={gateway.kind} className="size-8 rounded-lg [&_svg]:size-4" />
              <span className="min-w-0 flex-1 truncate text-sm font-medium">{gateway.name}</span>
              <GatewayStatusBadge status={gateway.status} />
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
