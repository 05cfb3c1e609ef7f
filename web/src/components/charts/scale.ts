export interface Scale {
  /** The value at the upper edge; never 0. */
  top: number;
  /** From 0 up to the top, in even steps. */
  ticks: number[];
}

/** An axis from 0 in at most five steps of 1, 2 or 5 times a power of ten. Counts have no halves, so no step is below 1. */
export function niceScale(highest: number): Scale {
  const rough = Math.max(highest, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const nice = [1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10;
  const step = Math.max(1, nice * power);
  const steps = Math.max(1, Math.ceil(Math.max(highest, 1) / step));
  return { top: steps * step, ticks: Array.from({ length: steps + 1 }, (_, index) => index * step) };
}
