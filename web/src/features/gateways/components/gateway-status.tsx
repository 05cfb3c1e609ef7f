import { Badge, type BadgeTone } from "@/components/ui/badge";
import { Spinner } from "@/components/ui/spinner";
import type { GatewayStatus } from "@/lib/api-types";

const LOOKS: Record<GatewayStatus, { tone: BadgeTone; label: string }> = {
  connected: { tone: "success", label: "Connected" },
  connecting: { tone: "brand", label: "Connecting" },
  disconnected: { tone: "neutral", label: "Disconnected" },
  error: { tone: "danger", label: "Needs attention" },
};

export function GatewayStatusBadge({ status }: { status: GatewayStatus }) {
  const { tone, label } = LOOKS[status];
  return (
    <Badge tone={tone} dot={status !== "connecting"} data-testid="gateway-status" data-status={status}>
      {status === "connecting" && <Spinner className="size-3" />}
      {label}
    </Badge>
  );
}
