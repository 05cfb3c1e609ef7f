import { ArrowRight, CircleAlert, RotateCw } from "lucide-react";
import { LimitBar } from "@/components/limit-bar";
import { Button } from "@/components/ui/button";
import { toApiError } from "@/lib/api-error";
import { cn } from "@/lib/utils";

interface ErrorStateProps {
  error: unknown;
  onRetry?: () => void;
  className?: string;
}

/** What could not be loaded or done: the problem in words, and the id under which the server's log has it. */
export function ErrorState({ error, onRetry, className }: ErrorStateProps) {
  const problem = toApiError(error);
  return (
    <div
      role="alert"
      className={cn(
        "flex items-start gap-3 rounded-xl border border-danger/25 bg-danger-soft p-4",
        className,
      )}
    >
      <CircleAlert aria-hidden className="mt-0.5 size-4.5 shrink-0 text-danger" />
      <div className="min-w-0 flex-1">
        <p className="text-sm font-medium">{problem.title}</p>
        {problem.detail && (
          <p className="text-sm break-words text-muted-foreground first-letter:uppercase">{problem.detail}</p>
        )}
        {problem.fields.length > 0 && (
          <ul className="mt-1 list-disc pl-4 text-sm text-muted-foreground">
            {problem.fields.map((field) => (
              <li key={field.field + field.message}>
                <code className="text-xs">{field.field}</code> {field.message}
              </li>
            ))}
          </ul>
        )}
        {problem.limit && <LimitBar limit={problem.limit} className="mt-2 max-w-sm" />}
        {problem.advice && (
          <p className="mt-1.5 flex gap-2 text-sm">
            <ArrowRight aria-hidden className="mt-1 size-3.5 shrink-0 text-danger" />
            <span className="min-w-0 break-words">
              <span className="sr-only">What to do: </span>
              {problem.advice}
            </span>
          </p>
        )}
        {problem.requestId && (
          <p className="mt-1.5 text-xs text-muted-foreground">
            Request <code className="break-all select-all">{problem.requestId}</code>
          </p>
        )}
      </div>
      {onRetry && (
        <Button variant="outline" size="sm" onClick={onRetry}>
          <RotateCw /> Try again
        </Button>
      )}
    </div>
  );
}
