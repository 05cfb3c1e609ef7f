import { useEffect, useState } from "react";
import { formatDateTime, formatRelative } from "@/lib/format";

/** How long ago something was; the exact time is its tooltip. */
export function RelativeTime({ time, className }: { time: string; className?: string }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={time} title={formatDateTime(time)} className={className}>
      {formatRelative(time)}
    </time>
  );
}
