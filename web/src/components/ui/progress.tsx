import { cn } from "@/lib/utils";

interface ProgressProps {
  /** From 0 to 1; more is shown as full. */
  value: number;
  label: string;
  /** How far something is that is under way, of which no share is too much. */
  underWay?: boolean;
  className?: string;
}

/** How much of an allowance is used, or how far something is. An allowance warns from four fifths on, and turns red when nothing is left. */
export function Progress({ value, label, underWay, className }: ProgressProps) {
  const share = Number.isFinite(value) ? Math.min(Math.max(value, 0), 1) : 0;
  const tone = underWay ? "bg-brand" : value >= 1 ? "bg-danger" : value >= 0.8 ? "bg-warning" : "bg-brand";
  return (
    <div
      role={underWay ? "progressbar" : "meter"}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      className={cn("h-1.5 overflow-hidden rounded-full bg-muted", className)}
    >
      <div
        className={cn("h-full rounded-full transition-[width]", tone)}
        style={{ width: share === 0 ? 0 : `max(${share * 100}%, 0.375rem)` }}
      />
    </div>
  );
}
