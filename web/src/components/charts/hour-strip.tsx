import { formatHour, formatNumber, plural } from "@/lib/format";

interface HourStripProps {
  /** 24 figures, from midnight on. */
  values: number[];
  name: string;
}

/** The hours of a day as a strip: the stronger the colour, the more happened. */
export function HourStrip({ values, name }: HourStripProps) {
  const highest = Math.max(...values, 1);
  return (
    <figure>
      <div aria-hidden className="grid grid-cols-12 gap-1 sm:grid-cols-24">
        {values.map((value, hour) => (
          <div key={hour} className="group relative">
            <div className="aspect-square rounded-[5px] bg-muted sm:aspect-auto sm:h-14">
              <div
                className="size-full rounded-[5px] bg-brand"
                style={{ opacity: value === 0 ? 0 : 0.18 + 0.82 * (value / highest) }}
              />
            </div>
            <div className="mt-1 text-center text-[0.625rem] leading-none text-muted-foreground tabular-nums">
              {hour % 3 === 0 ? String(hour).padStart(2, "0") : ""}
            </div>
            <div className="pointer-events-none absolute bottom-full left-1/2 z-10 mb-1 hidden -translate-x-1/2 rounded-md bg-foreground px-2 py-1 text-xs whitespace-nowrap text-background group-hover:block">
              {formatHour(hour)} · {plural(value, name)}
            </div>
          </div>
        ))}
      </div>
      <table className="sr-only">
        <caption>By hour of the day</caption>
        <tbody>
          {values.map((value, hour) => (
            <tr key={hour}>
              <th scope="row">{formatHour(hour)}</th>
              <td>{formatNumber(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
