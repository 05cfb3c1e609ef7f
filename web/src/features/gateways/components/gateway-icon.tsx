import {
  Bot,
  Globe,
  Mail,
  MessageCircle,
  MessagesSquare,
  Send,
  Webhook,
  type LucideIcon,
} from "lucide-react";
import { cn } from "@/lib/utils";

const ICONS: Record<string, LucideIcon> = {
  "telegram-bot": Send,
  ai: Bot,
  "web-chat": MessagesSquare,
  "web-hook": Webhook,
  email: Mail,
  "whatsapp-business": MessageCircle,
};

/** A gateway kind's picture; kinds that we do not know get a globe. */
export function GatewayIcon({ kind, className }: { kind: string; className?: string }) {
  const Icon = ICONS[kind] ?? Globe;
  return (
    <span
      className={cn(
        "grid size-10 shrink-0 place-items-center rounded-xl border bg-background text-brand",
        className,
      )}
    >
      <Icon aria-hidden className="size-5" strokeWidth={1.75} />
    </span>
  );
}
