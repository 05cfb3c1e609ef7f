import type { ReactNode } from "react";
import { useMay } from "@/api/use-may";

/** What only admins and the owner may use: hidden from members, or shown to them and not to be used. */
export function ManagersOnly({ children, show = false }: { children: ReactNode; show?: boolean }) {
  const { manage } = useMay();
  if (manage) return children;
  if (!show) return null;
  return (
    <fieldset disabled className="contents" title="Only admins and the owner may change this.">
      {children}
    </fieldset>
  );
}
