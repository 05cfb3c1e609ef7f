import type { ReactNode } from "react";
import { ErrorState } from "@/components/error-state";

interface QueryLike<Data> {
  data: Data | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

interface QueryStateProps<Data> {
  query: QueryLike<Data>;
  /** Shown while nothing is there yet. */
  skeleton: ReactNode;
  children: (data: Data) => ReactNode;
  className?: string;
  /** Instead of that, for the error alone. */
  errorClassName?: string;
}

/** The three states of something that is loaded. What was loaded before stays when a refresh fails. */
export function QueryState<Data>({
  query,
  skeleton,
  children,
  className,
  errorClassName = className,
}: QueryStateProps<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null && query.error !== undefined) {
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} className={errorClassName} />;
  }
  return (
    <div aria-busy="true" aria-live="polite" className={className}>
      <span className="sr-only">Loading</span>
      {skeleton}
    </div>
  );
}
