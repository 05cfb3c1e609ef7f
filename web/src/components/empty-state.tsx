import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "@/lib/utils";

interface EmptyStateProps {
  icon: LucideIcon;
  title: string;
  /** What to do, so that it does not stay empty. */
  children: ReactNode;
  action?: ReactNode;
  className?: string;
}

export function EmptyState({ icon: Icon, title, children, action, className }: EmptyStateProps) {
  return (
    <div className={cn("flex flex-col items-center px-6 py-12 text-center", className)}>
      <span className="mb-4 grid size-12 place-items-center rounded-2xl bg-brand-soft text-brand-soft-foreground">
        <Icon aria-hidden className="size-5.5" strokeWidth={1.75} />
      </span>
      <h3 className="text-[0.9375rem] font-semibold">{title}</h3>
      <div className="mt-1 max-w-sm text-sm text-pretty text-muted-foreground">{children}</div>
      {action && <div className="mt-5 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
