import { Link } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { useEffect, useState } from "react";
import { ErrorState } from "@/components/error-state";
import { LiveLink } from "@/components/live-link";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toaster";
import { useConversations } from "@/features/chat/api/get-conversations";
import { usePressButton } from "@/features/chat/api/press-button";
import { Composer } from "@/features/chat/components/composer";
import { MessageLog } from "@/features/chat/components/message-log";
import { useConversation } from "@/features/chat/live/use-conversation";
import type { Gateway } from "@/lib/api-types";

interface ChatThreadProps {
  gateway: Gateway;
  conversationId: string;
}

/** One conversation: who it is with, its messages, and where to write. */
export function ChatThread({ gateway, conversationId }: ChatThreadProps) {
  const { query, messages, pending, typingUntil, connection, send, discard } = useConversation(
    gateway.id,
    conversationId,
  );
  const conversation = useConversations(gateway.id).data?.find((one) => one.id === conversationId);
  const press = usePressButton(conversationId);
  const typing = useUntil(typingUntil);

  return (
    <section aria-label="Conversation" className="flex h-full min-h-0 min-w-0 flex-1 flex-col">
      <header className="flex h-14 shrink-0 items-center gap-2 border-b px-3 sm:px-5">
        <Button asChild variant="ghost" size="icon-sm" className="lg:hidden">
          <Link
            to="/chat/$gatewayId"
            params={{ gatewayId: gateway.id }}
            aria-label="Back to the conversations"
          >
            <ArrowLeft />
          </Link>
        </Button>
        <div className="min-w-0 flex-1">
          <h2 className="truncate text-[0.9375rem] leading-tight font-semibold">
            {conversation?.title || "Conversation"}
          </h2>
          <p className="truncate text-xs text-muted-foreground">{gateway.name}</p>
        </div>
        <LiveLink state={connection} />
      </header>
      {query.error && !query.data ? (
        <div className="flex-1 p-5">
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        </div>
      ) : query.isPending ? (
        <LogSkeleton />
      ) : (
        <MessageLog
          messages={messages}
          pending={pending}
          typing={typing}
          hasOlder={query.hasNextPage}
          loadingOlder={query.isFetchingNextPage}
          onLoadOlder={() => void query.fetchNextPage()}
          onPress={(messageId, data) =>
            press.mutate(
              { message_id: messageId, data },
              { onError: (error) => toast.error("The button did not work", error.message) },
            )
          }
          onRetry={(one) => void send(one.text, one.clientId)}
          onDiscard={discard}
        />
      )}
      <Composer onSend={(text) => void send(text)} />
    </section>
  );
}

/** True until that moment. */
function useUntil(moment: number): boolean {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setTimeout(() => setNow(Date.now()), Math.max(0, moment - Date.now()) + 20);
    return () => clearTimeout(timer);
  }, [moment]);
  return moment > now;
}

function LogSkeleton() {
  return (
    <div aria-busy="true" className="mx-auto flex w-full max-w-3xl flex-1 flex-col justify-end gap-4 p-6">
      <Skeleton className="h-10 w-56 rounded-2xl" />
      <Skeleton className="h-10 w-40 self-end rounded-2xl" />
      <Skeleton className="h-16 w-72 rounded-2xl" />
    </div>
  );
}
