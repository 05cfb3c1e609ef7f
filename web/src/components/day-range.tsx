import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import type { Day } from "@/lib/api-types";
import { dayBefore, isDay } from "@/lib/days";

export interface Range {
  from: Day;
  to: Day;
}

interface DayRangeProps {
  value: Range;
  onChange: (range: Range) => void;
}

const PRESETS = [7, 30, 90];

/** From one UTC day to another, both included. */
export function DayRange({ value, onChange }: DayRangeProps) {
  const today = dayBefore();
  const change = (part: Partial<Range>) => {
    const next = { ...value, ...part };
    if (isDay(next.from) && isDay(next.to) && next.from <= next.to) onChange(next);
  };
  return (
    <div className="flex flex-wrap items-center gap-2">
      <div className="flex rounded-lg border bg-card p-0.5 shadow-card" role="group" aria-label="Last days">
        {PRESETS.map((days) => {
          const from = dayBefore(days - 1);
          const active = value.from === from && value.to === today;
          return (
            <Button
              key={days}
              size="sm"
              variant={active ? "soft" : "ghost"}
              className="h-7.5"
              aria-pressed={active}
              onClick={() => onChange({ from, to: today })}
            >
              {days} days
            </Button>
          );
        })}
      </div>
      <div className="flex items-center gap-1.5 max-sm:w-full">
        <Input
          type="date"
          aria-label="From"
          className="w-37 px-2.5 max-sm:flex-1"
          value={value.from}
          max={value.to}
          onChange={(event) => change({ from: event.target.value })}
        />
        <span aria-hidden className="text-muted-foreground">
          –
        </span>
        <Input
          type="date"
          aria-label="To"
          className="w-37 px-2.5 max-sm:flex-1"
          value={value.to}
          min={value.from}
          max={today}
          onChange={(event) => change({ to: event.target.value })}
        />
      </div>
    </div>
  );
}

/** The range that an address asks for; the last days where it asks for none. */
export function rangeOf(search: Partial<Range>, days: number): Range {
  return { from: search.from ?? dayBefore(days - 1), to: search.to ?? dayBefore() };
}

/** Keeps what is a range in an address, and drops the rest. */
export function readRange(search: Record<string, unknown>): Partial<Range> {
  const { from, to } = search;
  return isDay(from) && isDay(to) && from <= to ? { from, to } : {};
}
