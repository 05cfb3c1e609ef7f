import { Link, type LinkProps } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import type { ReactNode } from "react";

/** The way back to the list that a page belongs to. */
export function BackLink({ to, children }: { to: LinkProps["to"]; children: ReactNode }) {
  return (
    <Link
      to={to}
      className="mb-3 inline-flex items-center gap-1 text-[0.8125rem] text-muted-foreground hover:text-foreground"
    >
      <ChevronLeft aria-hidden className="-ml-1 size-4" />
      {children}
    </Link>
  );
}
