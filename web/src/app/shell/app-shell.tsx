import { Outlet, useMatches, useNavigate } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { useMe } from "@/api/get-me";
import { BottomNav } from "@/app/shell/bottom-nav";
import { Sidebar } from "@/app/shell/sidebar";
import { useLiveUpdates } from "@/app/shell/use-live-updates";
import { LiveLink } from "@/components/live-link";
import { Logo } from "@/components/logo";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { ClosingBanner } from "@/features/account/components/closing-banner";
import { Avatar, UserMenu } from "@/features/auth/components/user-menu";
import { NotificationsPopover } from "@/features/notifications/components/notifications-popover";
import { cn } from "@/lib/utils";

/** What surrounds every page behind the sign-in. */
export function AppShell() {
  const { user, tenant } = useMe();
  const navigate = useNavigate();
  const client = useQueryClient();
  const live = useLiveUpdates();
  // A conversation on a phone takes the whole height: its keyboard leaves little enough.
  const immersive = useMatches().some((match) => "conversationId" in match.params);

  return (
    <div
      className={cn(
        "[--bottombar:calc(3.75rem+env(safe-area-inset-bottom))] [--topbar:3.5rem] lg:[--bottombar:0px]",
        "lg:grid lg:grid-cols-[15rem_1fr]",
        immersive && "[--bottombar:0px]",
      )}
    >
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-80 focus:rounded-lg focus:bg-popover focus:px-4 focus:py-2 focus:shadow-pop"
      >
        Skip to the content
      </a>
      <Sidebar />
      <div className="min-w-0">
        <header className="sticky top-0 z-30 flex h-(--topbar) items-center gap-3 border-b bg-background/85 px-4 backdrop-blur-md sm:px-6 lg:px-8">
          <Logo className="lg:hidden" />
          <div className="flex min-w-0 items-center gap-2.5 max-lg:hidden">
            <span className="truncate text-sm font-medium">{tenant.name}</span>
            <Badge tone="brand">{tenant.plan.name}</Badge>
          </div>
          <Badge tone="brand" className="lg:hidden">
            {tenant.plan.name}
          </Badge>
          <div className="ml-auto flex items-center gap-1">
            <LiveLink state={live} />
            <NotificationsPopover />
            <UserMenu
              onSettings={() => void navigate({ to: "/settings/profile" })}
              onSignedOut={() => void navigate({ to: "/sign-in" }).then(() => client.clear())}
              trigger={
                <Button
                  variant="ghost"
                  size="icon"
                  className="rounded-full"
                  aria-label={`Account of ${user.name}`}
                >
                  <Avatar name={user.name} />
                </Button>
              }
            />
          </div>
        </header>
        {tenant.closes_at !== null && <ClosingBanner closesAt={tenant.closes_at} />}
        <main id="content" tabIndex={-1} className="pb-(--bottombar) outline-none">
          <Outlet />
        </main>
      </div>
      {!immersive && <BottomNav />}
    </div>
  );
}
