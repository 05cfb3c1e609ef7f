import { useEffect, type ReactNode } from "react";
import { cn } from "@/lib/utils";

interface PageProps {
  title: string;
  /** Stands over the title, such as the way back. */
  above?: ReactNode;
  /** Instead of the plain title. */
  heading?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** A page of the dashboard: its heading, what can be done here, and its content. */
export function Page({ title, above, heading, description, actions, children, className }: PageProps) {
  useTitle(title);
  return (
    <div className={cn("mx-auto w-full max-w-6xl px-4 py-6 sm:px-6 lg:px-8 lg:py-8", className)}>
      {above}
      <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 className="text-xl font-semibold sm:text-[1.375rem]">{heading ?? title}</h1>
          {description && <p className="mt-0.5 text-sm text-muted-foreground">{description}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Names the page in the browser's tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · 2Bot`;
  }, [title]);
}
