import { CopyField } from "@/components/copy-field";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { curlLine, webhookAddress } from "@/features/gateways/web-hook";
import type { Gateway } from "@/lib/api-types";

/** Where senders deliver, and how to try it from a shell. */
export function WebhookCard({ gateway }: { gateway: Gateway }) {
  const address = webhookAddress(gateway, window.location.origin);
  if (!address) return null;
  return (
    <Card>
      <CardHeader title="Address" description="Enter it at the service that sends." />
      <CardBody className="grid gap-4">
        <CopyField value={address} label="webhook address" />
        <div className="grid gap-1.5">
          <p className="text-xs text-muted-foreground">
            To try it from a shell, with your secret in the place of YOUR_SECRET:
          </p>
          <CopyField value={curlLine(address, gateway.config)} label="curl line" />
        </div>
      </CardBody>
    </Card>
  );
}
