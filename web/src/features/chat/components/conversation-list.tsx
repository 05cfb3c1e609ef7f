import { Link } from "@tanstack/react-router";
import { MessagesSquare, Plus } from "lucide-react";
import type { ReactNode } from "react";
import { EmptyState } from "@/components/empty-state";
import { QueryState } from "@/components/query-state";
import { RelativeTime } from "@/components/relative-time";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toaster";
import { useCreateConversation } from "@/features/chat/api/create-conversation";
import { useConversations } from "@/features/chat/api/get-conversations";
import { previewOf } from "@/features/chat/preview";
import type { Conversation, Gateway } from "@/lib/api-types";
import { cn } from "@/lib/utils";

interface ConversationListProps {
  gateway: Gateway;
  /** All web chats, to change between. */
  gateways: Gateway[];
  activeId?: string;
  onGateway: (id: string) => void;
  onOpen: (conversation: Conversation) => void;
}

export function ConversationList({ gateway, gateways, activeId, onGateway, onOpen }: ConversationListProps) {
  const query = useConversations(gateway.id);
  const create = useCreateConversation(gateway.id);
  const start = () =>
    create.mutate(undefined, {
      onSuccess: onOpen,
      onError: (error) => toast.error("No conversation could be started", error.message),
    });

  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="flex h-14 shrink-0 items-center gap-2 border-b px-3">
        {gateways.length > 1 ? (
          <Select
            aria-label="Web chat"
            className="min-w-0 flex-1"
            value={gateway.id}
            onChange={(event) => onGateway(event.target.value)}
          >
            {gateways.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </Select>
        ) : (
          <h1 className="min-w-0 flex-1 truncate px-1 text-[0.9375rem] font-semibold">{gateway.name}</h1>
        )}
        <Button
          variant="outline"
          size="icon-sm"
          aria-label="New conversation"
          title="New conversation"
          pending={create.isPending}
          onClick={start}
        >
          {!create.isPending && <Plus />}
        </Button>
      </header>
      <nav aria-label="Conversations" className="min-h-0 flex-1 overflow-y-auto p-2">
        <QueryState query={query} skeleton={<ListSkeleton />}>
          {(conversations) =>
            conversations.length === 0 ? (
              <EmptyState
                icon={MessagesSquare}
                title="No conversations yet"
                className="py-10"
                action={
                  <Button size="sm" pending={create.isPending} onClick={start}>
                    Start a conversation
                  </Button>
                }
              >
                Write to your bot here, as a visitor would.
              </EmptyState>
            ) : (
              <ul className="grid gap-0.5">
                {conversations.map((conversation) => (
                  <Row
                    key={conversation.id}
                    conversation={conversation}
                    active={conversation.id === activeId}
                  />
                ))}
              </ul>
            )
          }
        </QueryState>
      </nav>
    </div>
  );
}

function Row({ conversation, active }: { conversation: Conversation; active: boolean }): ReactNode {
  const last = conversation.last_message;
  return (
    <li>
      <Link
        to="/chat/$gatewayId/$conversationId"
        params={{ gatewayId: conversation.gateway_id, conversationId: conversation.id }}
        aria-current={active ? "page" : undefined}
        className={cn(
          "block rounded-lg px-3 py-2.5 transition-colors hover:bg-accent focus-visible:-outline-offset-2",
          active && "bg-accent",
        )}
      >
        <span className="flex items-baseline justify-between gap-2">
          <span className="truncate text-sm font-medium">{conversation.title || "Conversation"}</span>
          <RelativeTime
            time={last?.sent_at ?? conversation.updated_at}
            className="shrink-0 text-[0.6875rem] text-muted-foreground"
          />
        </span>
        <span className="block truncate text-[0.8125rem] text-muted-foreground">
          {last ? `${last.author === "person" ? "You: " : ""}${previewOf(last)}` : "Nothing written yet"}
        </span>
      </Link>
    </li>
  );
}

function ListSkeleton() {
  return (
    <div className="grid gap-4 p-3">
      {[0, 1, 2].map((row) => (
        <div key={row} className="grid gap-2">
          <Skeleton className="h-4 w-32" />
          <Skeleton className="h-3 w-48" />
        </div>
      ))}
    </div>
  );
}
