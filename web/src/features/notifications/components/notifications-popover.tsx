import { Bell, CircleAlert, Info, TriangleAlert, X } from "lucide-react";
import { EmptyState } from "@/components/empty-state";
import { QueryState } from "@/components/query-state";
import { RelativeTime } from "@/components/relative-time";
import { Button } from "@/components/ui/button";
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import { Skeleton } from "@/components/ui/skeleton";
import { useDeleteNotification, useMarkRead } from "@/features/notifications/api/change-notifications";
import { useNotifications } from "@/features/notifications/api/get-notifications";
import type { Notification } from "@/lib/api-types";
import { cn } from "@/lib/utils";

const SEVERITY = {
  info: { icon: Info, className: "text-brand" },
  warning: { icon: TriangleAlert, className: "text-warning" },
  problem: { icon: CircleAlert, className: "text-danger" },
};

export function NotificationsPopover() {
  const query = useNotifications();
  const markRead = useMarkRead();
  const unread = query.data?.filter((notice) => !notice.read).length ?? 0;
  return (
    <Popover>
      <PopoverTrigger asChild>
        <Button
          variant="ghost"
          size="icon"
          className="relative text-muted-foreground"
          aria-label={unread > 0 ? `Notifications, ${unread} unread` : "Notifications"}
        >
          <Bell className="size-4.5" />
          {unread > 0 && (
            <span
              aria-hidden
              className="absolute top-1 right-1 grid h-4 min-w-4 place-items-center rounded-full bg-danger px-1 text-[0.625rem] leading-none font-semibold text-white ring-2 ring-background dark:text-background"
            >
              {unread > 9 ? "9+" : unread}
            </span>
          )}
        </Button>
      </PopoverTrigger>
      <PopoverContent align="end" className="flex max-h-[70dvh] w-[min(24rem,calc(100vw-1rem))] flex-col">
        <header className="flex items-center justify-between border-b py-2 pr-2 pl-4">
          <h2 className="text-sm font-semibold">Notifications</h2>
          <Button
            variant="ghost"
            size="sm"
            disabled={unread === 0}
            onClick={() => markRead.mutate(undefined)}
          >
            Mark all read
          </Button>
        </header>
        <div className="min-h-0 overflow-y-auto">
          <QueryState query={query} skeleton={<Skeleton className="m-4 h-14" />} className="m-3">
            {(notices) =>
              notices.length === 0 ? (
                <EmptyState icon={Bell} title="All quiet" className="py-8">
                  What your plugins and gateways want to tell you shows up here.
                </EmptyState>
              ) : (
                <ul>
                  {notices.map((notice) => (
                    <Notice key={notice.id} notice={notice} onRead={() => markRead.mutate(notice.id)} />
                  ))}
                </ul>
              )
            }
          </QueryState>
        </div>
      </PopoverContent>
    </Popover>
  );
}

function Notice({ notice, onRead }: { notice: Notification; onRead: () => void }) {
  const remove = useDeleteNotification();
  const { icon: Icon, className } = SEVERITY[notice.severity];
  return (
    <li
      className={cn("group flex gap-3 border-b px-4 py-3 last:border-0", !notice.read && "bg-brand-soft/40")}
    >
      <Icon aria-hidden className={cn("mt-0.5 size-4 shrink-0", className)} />
      <div className="min-w-0 flex-1">
        <p className="text-sm font-medium">{notice.title}</p>
        <p className="text-[0.8125rem] break-words text-muted-foreground">{notice.text}</p>
        <p className="mt-1 flex flex-wrap gap-x-2 text-xs text-muted-foreground">
          {notice.plugin && <span>{notice.plugin.name}</span>}
          <RelativeTime time={notice.created_at} />
          {!notice.read && (
            <button type="button" onClick={onRead} className="text-primary hover:underline">
              Mark read
            </button>
          )}
        </p>
      </div>
      <button
        type="button"
        aria-label={`Delete “${notice.title}”`}
        onClick={() => remove.mutate(notice.id)}
        className="h-fit rounded p-0.5 text-muted-foreground hover:text-foreground sm:opacity-0 sm:group-focus-within:opacity-100 sm:group-hover:opacity-100"
      >
        <X className="size-3.5" />
      </button>
    </li>
  );
}
