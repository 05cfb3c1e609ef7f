import { Link, useLocation } from "@tanstack/react-router";
import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { useMay } from "@/api/use-may";
import { FailedCount } from "@/app/shell/failed-count";
import { isAtHand, navigationOf } from "@/app/shell/navigation";
import { Dialog, DialogBody, DialogContent, DialogTrigger } from "@/components/ui/dialog";

const ITEM =
  "flex flex-col items-center justify-center gap-1 text-[0.6875rem] font-medium text-muted-foreground data-[status=active]:text-primary";

/** The navigation of a phone. */
export function BottomNav() {
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  const all = navigationOf(useMay()).flatMap((group) => group.items);
  const secondary = all.filter((item) => !isAtHand(item));
  const inMore = secondary.some((item) => pathname.startsWith(item.to));
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 grid h-(--bottombar) grid-cols-5 border-t bg-background/90 pb-[env(safe-area-inset-bottom)] backdrop-blur-md lg:hidden"
    >
      {all.filter(isAtHand).map(({ to, label, icon: Icon }) => (
        <Link key={to} to={to} activeOptions={{ exact: to === "/", includeSearch: false }} className={ITEM}>
          <Icon aria-hidden className="size-5" strokeWidth={1.75} />
          {label}
        </Link>
      ))}
      <Dialog open={open} onOpenChange={setOpen}>
        <DialogTrigger className={ITEM} data-status={inMore ? "active" : undefined}>
          <span className="relative">
            <Ellipsis aria-hidden className="size-5" strokeWidth={1.75} />
            <FailedCount className="absolute -top-2 left-4" />
          </span>
          More
        </DialogTrigger>
        <DialogContent title="More">
          <DialogBody className="grid gap-1 p-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
            {secondary.map(({ to, label, icon: Icon }) => (
              <Link
                key={to}
                to={to}
                onClick={() => setOpen(false)}
                className="flex h-12 items-center gap-3.5 rounded-xl px-3 font-medium hover:bg-accent data-[status=active]:bg-accent"
              >
                <Icon aria-hidden className="size-5 text-muted-foreground" strokeWidth={1.75} />
                {label}
                {to === "/failed" && <FailedCount className="ml-auto" />}
              </Link>
            ))}
          </DialogBody>
        </DialogContent>
      </Dialog>
    </nav>
  );
}
