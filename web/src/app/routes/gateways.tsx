import { useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { ManagersOnly } from "@/components/managers-only";
import { Page } from "@/components/page";
import { Button } from "@/components/ui/button";
import { CreateGatewayDialog } from "@/features/gateways/components/create-gateway-dialog";
import { GatewayList } from "@/features/gateways/components/gateway-list";

export function GatewaysRoute() {
  const navigate = useNavigate();
  const add = (
    <CreateGatewayDialog
      onDone={(gateway) => void navigate({ to: "/gateways/$gatewayId", params: { gatewayId: gateway.id } })}
      trigger={
        <Button>
          <Plus /> Add gateway
        </Button>
      }
    />
  );
  return (
    <Page
      title="Gateways"
      description="Where people reach your bots, and the AI that they can ask."
      actions={<ManagersOnly>{add}</ManagersOnly>}
    >
      <GatewayList addButton={null} />
    </Page>
  );
}
