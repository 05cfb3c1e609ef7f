import { useInfiniteQuery } from "@tanstack/react-query";
import { Inbox, Send } from "lucide-react";
import { ErrorState } from "@/components/error-state";
import { EmptyState } from "@/components/empty-state";
import { ShowOlder } from "@/components/show-older";
import { Card, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs";
import { inboundQuery, outboundQuery } from "@/features/gateways/api/get-deliveries";
import { InboundRow, OutboundRow } from "@/features/gateways/components/delivery-rows";

/** What arrived at a gateway, and what was posted through it. */
export function DeliveriesCard({ gatewayId }: { gatewayId: string }) {
  return (
    <Card>
      <CardHeader
        title="Deliveries"
        description="Newest first. What was refused or came twice is only counted."
      />
      <Tabs defaultValue="inbound">
        <TabsList className="px-5">
          <TabsTrigger value="inbound">Received</TabsTrigger>
          <TabsTrigger value="outbound">Sent</TabsTrigger>
        </TabsList>
        <TabsContent value="inbound" className="pt-0">
          <Inbound gatewayId={gatewayId} />
        </TabsContent>
        <TabsContent value="outbound" className="pt-0">
          <Outbound gatewayId={gatewayId} />
        </TabsContent>
      </Tabs>
    </Card>
  );
}

function Inbound({ gatewayId }: { gatewayId: string }) {
  const query = useInfiniteQuery(inboundQuery(gatewayId));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isPending) return <RowsSkeleton />;
  if (query.error && !query.data) {
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} className="m-4" />;
  }
  if (items.length === 0) {
    return (
      <EmptyState icon={Inbox} title="Nothing has arrived yet">
        Enter the address above at the service that sends, or try it with the line for a shell.
      </EmptyState>
    );
  }
  return (
    <>
      <ul className="divide-y">
        {items.map((delivery) => (
          <InboundRow key={delivery.id} delivery={delivery} />
        ))}
      </ul>
      <ShowOlder pages={query} />
    </>
  );
}

function Outbound({ gatewayId }: { gatewayId: string }) {
  const query = useInfiniteQuery(outboundQuery(gatewayId));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isPending) return <RowsSkeleton />;
  if (query.error && !query.data) {
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} className="m-4" />;
  }
  if (items.length === 0) {
    return (
      <EmptyState icon={Send} title="Nothing was sent yet">
        What plugins send through this gateway stands here, with the answer of the receiver.
      </EmptyState>
    );
  }
  return (
    <>
      <ul className="divide-y">
        {items.map((delivery) => (
          <OutboundRow key={delivery.id} delivery={delivery} />
        ))}
      </ul>
      <ShowOlder pages={query} />
    </>
  );
}

function RowsSkeleton() {
  return (
    <div className="grid gap-3 p-5">
      <Skeleton className="h-4 w-64 max-w-full" />
      <Skeleton className="h-4 w-48 max-w-full" />
    </div>
  );
}
