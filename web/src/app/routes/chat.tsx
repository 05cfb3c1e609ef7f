import { Navigate, useNavigate, useParams } from "@tanstack/react-router";
import { Link } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";
import { useGateways } from "@/api/get-gateways";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { useTitle } from "@/components/page";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { ChatConsole } from "@/features/chat/components/chat-console";

/** The first web chat there is. */
export function ChatRoute() {
  return <Chats />;
}

export function ChatGatewayRoute() {
  const { gatewayId } = useParams({ from: "/app/chat/$gatewayId" });
  return <Chats gatewayId={gatewayId} />;
}

export function ChatConversationRoute() {
  const { gatewayId, conversationId } = useParams({ from: "/app/chat/$gatewayId/$conversationId" });
  return <Chats gatewayId={gatewayId} conversationId={conversationId} />;
}

function Chats({ gatewayId, conversationId }: { gatewayId?: string; conversationId?: string }) {
  useTitle("Chat");
  const navigate = useNavigate();
  const query = useGateways();
  if (query.error && !query.data) {
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} className="m-6" />;
  }
  if (!query.data) return <Skeleton className="m-6 h-64 rounded-xl" />;

  const chats = query.data.filter((gateway) => gateway.kind === "web-chat");
  const first = chats[0];
  if (!first) return <NoChats />;
  const gateway = chats.find((one) => one.id === gatewayId);
  if (!gateway) return <Navigate to="/chat/$gatewayId" params={{ gatewayId: first.id }} replace />;
  return (
    <ChatConsole
      gateway={gateway}
      gateways={chats}
      conversationId={conversationId}
      onGateway={(id) => void navigate({ to: "/chat/$gatewayId", params: { gatewayId: id } })}
      onOpen={(conversation, replace) =>
        void navigate({
          to: "/chat/$gatewayId/$conversationId",
          params: { gatewayId: conversation.gateway_id, conversationId: conversation.id },
          replace,
        })
      }
    />
  );
}

function NoChats() {
  return (
    <EmptyState
      icon={MessagesSquare}
      title="No web chat yet"
      className="py-24"
      action={
        <Button asChild>
          <Link to="/gateways">Add a web chat</Link>
        </Button>
      }
    >
      A web chat is a gateway that lives in 2Bot itself: talk to your plugins here, without any outside
      account.
    </EmptyState>
  );
}
