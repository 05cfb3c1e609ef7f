import { useState } from "react";
import { niceScale } from "@/components/charts/scale";
import { formatCompact, formatNumber } from "@/lib/format";
import { cn } from "@/lib/utils";

export interface Bar {
  /** Under the bar. */
  label: string;
  value: number;
  /** The part of the value that is drawn in the colour of trouble. */
  bad?: number;
}

interface BarChartProps {
  bars: Bar[];
  /** What is counted: the name of the figure, such as `Messages`. */
  name: string;
  badName?: string;
  height?: number;
  format?: (value: number) => string;
  className?: string;
}

const VIEW = 600;

/** Bars side by side, with the figures in a table for those who can not see them. */
export function BarChart({
  bars,
  name,
  badName,
  height = 180,
  format = formatCompact,
  className,
}: BarChartProps) {
  const [active, setActive] = useState<number | null>(null);
  const scale = niceScale(Math.max(...bars.map((bar) => bar.value), 0));
  const slot = VIEW / Math.max(bars.length, 1);
  const width = Math.min(slot * 0.68, 44);
  // About eight labels fit on a phone.
  const every = Math.max(1, Math.ceil(bars.length / 8));
  const shown = active === null ? undefined : bars[active];

  return (
    <figure className={cn("min-w-0", className)}>
      <div className="grid grid-cols-[auto_1fr] gap-x-2" aria-hidden>
        <div className="relative text-[0.6875rem] text-muted-foreground tabular-nums" style={{ height }}>
          <span className="invisible">{format(scale.top)}</span>
          {scale.ticks.map((tick) => (
            <span
              key={tick}
              className="absolute right-0 translate-y-1/2 leading-none"
              style={{ bottom: `${(tick / scale.top) * 100}%` }}
            >
              {format(tick)}
            </span>
          ))}
        </div>
        <div className="relative" style={{ height }} onPointerLeave={() => setActive(null)}>
          {scale.ticks.map((tick) => (
            <div
              key={tick}
              className={cn("absolute inset-x-0 border-t", tick === 0 ? "border-input" : "border-dashed")}
              style={{ bottom: `${(tick / scale.top) * 100}%` }}
            />
          ))}
          <svg viewBox={`0 0 ${VIEW} 100`} preserveAspectRatio="none" className="absolute inset-0 size-full">
            {bars.map((bar, index) => {
              const x = slot * index + (slot - width) / 2;
              const tall = (bar.value / scale.top) * 100;
              const bad = ((bar.bad ?? 0) / scale.top) * 100;
              return (
                <g key={index} onPointerEnter={() => setActive(index)} onPointerDown={() => setActive(index)}>
                  <rect
                    x={slot * index}
                    y="0"
                    width={slot}
                    height="100"
                    className={active === index ? "fill-foreground/4" : "fill-transparent"}
                  />
                  <rect
                    x={x}
                    y={100 - tall}
                    width={width}
                    height={Math.max(tall - bad, 0)}
                    className={cn(
                      "transition-colors",
                      active === null || active === index ? "fill-brand" : "fill-brand/50",
                    )}
                  />
                  {bad > 0 && <rect x={x} y={100 - bad} width={width} height={bad} className="fill-danger" />}
                </g>
              );
            })}
          </svg>
          {shown && active !== null && (
            <div
              className="pointer-events-none absolute top-0 z-10 rounded-lg bg-foreground px-2.5 py-1.5 text-xs whitespace-nowrap text-background shadow-pop"
              style={{
                left: `${((active + 0.5) / bars.length) * 100}%`,
                translate: active > bars.length / 2 ? "calc(-100% - 10px)" : "10px",
              }}
            >
              <div className="opacity-70">{shown.label}</div>
              <div className="font-medium tabular-nums">
                {formatNumber(shown.value)} {name.toLowerCase()}
              </div>
              {badName && (shown.bad ?? 0) > 0 && (
                <div className="tabular-nums">
                  {formatNumber(shown.bad ?? 0)} {badName.toLowerCase()}
                </div>
              )}
            </div>
          )}
        </div>
        <span />
        <div className="relative mt-1.5 h-4 text-[0.6875rem] text-muted-foreground">
          {bars.map((bar, index) =>
            index % every === 0 ? (
              <span
                key={index}
                className="absolute -translate-x-1/2 leading-none whitespace-nowrap"
                style={{ left: `${((index + 0.5) / bars.length) * 100}%` }}
              >
                {bar.label}
              </span>
            ) : null,
          )}
        </div>
      </div>
      <table className="sr-only">
        <caption>{name}</caption>
        <tbody>
          {bars.map((bar, index) => (
            <tr key={index}>
              <th scope="row">{bar.label}</th>
              <td>{formatNumber(bar.value)}</td>
              {badName && <td>{formatNumber(bar.bad ?? 0)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
