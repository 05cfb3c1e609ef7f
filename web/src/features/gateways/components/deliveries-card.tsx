import { useInfiniteQuery } from "@tanstack/react-query";
import { Inbox, Send } from "lucide-react";
import { EmptyState } from "@/components/empty-state";
import { PagedList } from "@/components/paged-list";
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
  return (
    <PagedList
      query={useInfiniteQuery(inboundQuery(gatewayId))}
      skeleton={<RowsSkeleton />}
      empty={
        <EmptyState icon={Inbox} title="Nothing has arrived yet">
          Enter the address above at the service that sends, or try it with the line for a shell.
        </EmptyState>
      }
    >
      {(items) => (
        <ul className="divide-y">
          {items.map((delivery) => (
            <InboundRow key={delivery.id} delivery={delivery} />
          ))}
        </ul>
      )}
    </PagedList>
  );
}

function Outbound({ gatewayId }: { gatewayId: string }) {
  return (
    <PagedList
      query={useInfiniteQuery(outboundQuery(gatewayId))}
      skeleton={<RowsSkeleton />}
      empty={
        <EmptyState icon={Send} title="Nothing was sent yet">
          What plugins send through this gateway stands here, with the answer of the receiver.
        </EmptyState>
      }
    >
      {(items) => (
        <ul className="divide-y">
          {items.map((delivery) => (
            <OutboundRow key={delivery.id} delivery={delivery} />
          ))}
        </ul>
      )}
    </PagedList>
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
