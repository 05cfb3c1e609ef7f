import { MessagesSquare } from "lucide-react";
import { useEffect } from "react";
import { EmptyState } from "@/components/empty-state";
import { useConversations } from "@/features/chat/api/get-conversations";
import { ChatThread } from "@/features/chat/components/chat-thread";
import { ConversationList } from "@/features/chat/components/conversation-list";
import type { Conversation, Gateway } from "@/lib/api-types";
import { cn } from "@/lib/utils";

interface ChatConsoleProps {
  gateway: Gateway;
  /** All web chats, to change between. */
  gateways: Gateway[];
  conversationId?: string;
  onGateway: (id: string) => void;
  onOpen: (conversation: Conversation, replace: boolean) => void;
}

/** The conversations of a web chat, and the one that is open. A phone shows one of the two. */
export function ChatConsole({ gateway, gateways, conversationId, onGateway, onOpen }: ChatConsoleProps) {
  const first = useConversations(gateway.id).data?.[0];

  useEffect(() => {
    // A wide page has room for both: it opens the newest conversation by itself.
    if (conversationId || first?.gateway_id !== gateway.id) return;
    if (matchMedia("(min-width: 64rem)").matches) onOpen(first, true);
  });

  return (
    <div className="flex h-[calc(100dvh-var(--topbar)-var(--bottombar))]">
      <div className={cn("w-full min-w-0 border-r lg:w-76 lg:shrink-0", conversationId && "max-lg:hidden")}>
        <ConversationList
          gateway={gateway}
          gateways={gateways}
          activeId={conversationId}
          onGateway={onGateway}
          onOpen={(conversation) => onOpen(conversation, false)}
        />
      </div>
      {conversationId ? (
        // Each conversation has its own live state.
        <ChatThread key={conversationId} gateway={gateway} conversationId={conversationId} />
      ) : (
        <div className="hidden flex-1 place-items-center lg:grid">
          <EmptyState icon={MessagesSquare} title="Talk to your bot">
            Start a conversation on the left. Every message goes the same way as one from Telegram would.
          </EmptyState>
        </div>
      )}
    </div>
  );
}
