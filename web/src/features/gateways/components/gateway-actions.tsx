import { MoreHorizontal, Power, RotateCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { ErrorState } from "@/components/error-state";
import { ConfirmDialog } from "@/components/ui/alert-dialog";
import { Button } from "@/components/ui/button";
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuSeparator,
  DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";
import { toast } from "@/components/ui/toaster";
import { useConnectGateway } from "@/features/gateways/api/connect-gateway";
import { useDeleteGateway } from "@/features/gateways/api/delete-gateway";
import type { Gateway } from "@/lib/api-types";

interface GatewayActionsProps {
  gateway: Gateway;
  onDeleted: () => void;
}

/** What can be done with a gateway as a whole. */
export function GatewayActions({ gateway, onDeleted }: GatewayActionsProps) {
  const [confirming, setConfirming] = useState(false);
  const connect = useConnectGateway(gateway.id);
  const remove = useDeleteGateway(gateway.id);
  const isOn = gateway.status === "connected" || gateway.status === "connecting";
  const onError = (error: Error) => toast.error("That did not work", error.message);
  return (
    <>
      <Button variant="outline" pending={connect.isPending} onClick={() => connect.mutate(true, { onError })}>
        {!connect.isPending && <RotateCw />} {isOn ? "Reconnect" : "Connect"}
      </Button>
      <DropdownMenu>
        <DropdownMenuTrigger asChild>
          <Button variant="outline" size="icon" aria-label="More actions">
            <MoreHorizontal />
          </Button>
        </DropdownMenuTrigger>
        <DropdownMenuContent align="end">
          <DropdownMenuItem disabled={!isOn} onSelect={() => connect.mutate(false, { onError })}>
            <Power /> Disconnect
          </DropdownMenuItem>
          <DropdownMenuSeparator />
          <DropdownMenuItem tone="danger" onSelect={() => setConfirming(true)}>
            <Trash2 /> Delete…
          </DropdownMenuItem>
        </DropdownMenuContent>
      </DropdownMenu>
      <ConfirmDialog
        open={confirming}
        onOpenChange={setConfirming}
        title={`Delete “${gateway.name}”?`}
        description="Its credentials and conversations are deleted, and the plugins that use it stop hearing from it. This can not be undone."
        confirmLabel="Delete gateway"
        error={remove.error && <ErrorState error={remove.error} />}
        onConfirm={() => remove.mutateAsync().then(onDeleted)}
      />
    </>
  );
}
