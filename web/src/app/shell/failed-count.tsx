import { useDeadLetterCount } from "@/api/get-dead-letter-count";
import { cn } from "@/lib/utils";

/** How many things failed and wait for a decision, beside the way to them. Nothing where none does. */
export function FailedCount({ className }: { className?: string }) {
  const { data } = useDeadLetterCount();
  if (!data || data.count === 0) return null;
  const text = data.count > 99 ? "99+" : data.count;
  return (
    <span
      data-testid="failed-count"
      className={cn(
        "grid h-4.5 min-w-4.5 place-items-center rounded-full bg-danger px-1 text-[0.6875rem] leading-none font-semibold text-white tabular-nums dark:text-background",
        className,
      )}
    >
      <span aria-hidden>{text}</span>
      <span className="sr-only">, {text} failed and wait for you</span>
    </span>
  );
}
