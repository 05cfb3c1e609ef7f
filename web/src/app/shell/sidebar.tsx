import { Link } from "@tanstack/react-router";
import { FailedCount } from "@/app/shell/failed-count";
import { useMay } from "@/api/use-may";
import { navigationOf } from "@/app/shell/navigation";
import { Logo } from "@/components/logo";

/** The navigation of a wide page. */
export function Sidebar() {
  const may = useMay();
  return (
    <aside className="sticky top-0 hidden h-dvh flex-col border-r bg-sidebar lg:flex">
      <Link to="/" className="flex h-(--topbar) items-center px-5" aria-label="2Bot, to the overview">
        <Logo />
      </Link>
      <nav aria-label="Main" className="flex-1 overflow-y-auto px-3 py-3">
        {navigationOf(may).map((group) => (
          <div key={group.items[0]?.to} className="mb-5">
            {group.label && (
              <h2 className="mb-1 px-2.5 text-xs font-medium tracking-normal text-muted-foreground">
                {group.label}
              </h2>
            )}
            <ul className="grid gap-0.5">
              {group.items.map(({ to, label, icon: Icon }) => (
                <li key={to}>
                  <Link
                    to={to}
                    activeOptions={{ exact: to === "/", includeSearch: false }}
                    className="group flex h-9 items-center gap-3 rounded-lg px-2.5 text-sm font-medium text-muted-foreground transition-colors hover:bg-accent hover:text-foreground data-[status=active]:bg-card data-[status=active]:text-foreground data-[status=active]:shadow-card data-[status=active]:ring-1 data-[status=active]:ring-border"
                  >
                    <Icon
                      aria-hidden
                      className="size-4.5 group-data-[status=active]:text-brand"
                      strokeWidth={1.75}
                    />
                    {label}
                    {to === "/failed" && <FailedCount className="ml-auto" />}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
    </aside>
  );
}
