import { Link } from "@tanstack/react-router";
import { Bell, Database, KeyRound, ShieldCheck, UserRound } from "lucide-react";

const PLACES = [
  { to: "/settings/profile", label: "Profile", icon: UserRound },
  { to: "/settings/notifications", label: "Notifications", icon: Bell },
  { to: "/settings/security", label: "Security", icon: ShieldCheck },
  { to: "/settings/api-keys", label: "API keys", icon: KeyRound },
  { to: "/settings/data", label: "Your data", icon: Database },
] as const;

/** The settings' pages. On a phone in two rows: what has to be scrolled to is not found. */
export function SettingsNav() {
  return (
    <nav aria-label="Settings" className="mb-6 flex flex-wrap gap-1 max-sm:gap-1.5 sm:border-b">
      {PLACES.map(({ to, label, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          className="flex items-center gap-2 px-3 py-2 text-sm font-medium whitespace-nowrap text-muted-foreground transition-colors hover:text-foreground aria-[current=page]:text-foreground max-sm:rounded-lg max-sm:border max-sm:bg-card max-sm:aria-[current=page]:border-brand max-sm:aria-[current=page]:bg-brand-soft max-sm:aria-[current=page]:text-brand-soft-foreground sm:-mb-px sm:border-b-2 sm:border-transparent sm:aria-[current=page]:border-primary"
        >
          <Icon aria-hidden className="size-4" strokeWidth={1.75} />
          {label}
        </Link>
      ))}
    </nav>
  );
}
