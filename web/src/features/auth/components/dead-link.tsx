import { Unlink } from "lucide-react";
import type { ReactNode } from "react";

interface DeadLinkProps {
  /** What to do instead. */
  children: ReactNode;
  /** Leads to it. */
  action: ReactNode;
}

/** Stands in place of a form whose link is worth nothing: nothing that could be entered there would change that. */
export function DeadLink({ children, action }: DeadLinkProps) {
  return (
    <div role="alert" className="grid gap-4">
      <div className="flex items-start gap-3 rounded-xl border border-warning/30 bg-warning-soft p-4">
        <Unlink aria-hidden className="mt-0.5 size-4.5 shrink-0 text-warning" />
        <div className="min-w-0 text-sm">
          <p className="font-medium">This link does not work</p>
          <p className="text-muted-foreground">
            It was used before, it is too old, or a part of it is missing. {children}
          </p>
        </div>
      </div>
      {action}
    </div>
  );
}
