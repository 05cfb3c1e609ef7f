import { Link } from "@tanstack/react-router";

const PLACES = [
  { to: "/settings/profile", label: "Profile" },
  { to: "/settings/notifications", label: "Notifications" },
  { to: "/settings/security", label: "Security" },
  { to: "/settings/api-keys", label: "API keys" },
  { to: "/settings/data", label: "Your data" },
] as const;

/** The pages about one's own account. */
export function SettingsNav() {
  return (
    <nav aria-label="Settings" className="mb-5 flex gap-1 overflow-x-auto border-b">
      {PLACES.map(({ to, label }) => (
        <Link
          key={to}
          to={to}
          className="-mb-px border-b-2 border-transparent px-3 py-2 text-sm font-medium whitespace-nowrap text-muted-foreground hover:text-foreground aria-[current=page]:border-primary aria-[current=page]:text-foreground"
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
