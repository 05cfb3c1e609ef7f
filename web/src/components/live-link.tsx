import { WifiOff } from "lucide-react";
import type { StreamState } from "@/lib/sse/stream";

/** Says so when the page no longer hears what is new. Silent while all is well. */
export function LiveLink({ state }: { state: StreamState }) {
  if (state !== "waiting") return null;
  return (
    <p role="status" className="flex items-center gap-1.5 text-xs text-warning">
      <WifiOff aria-hidden className="size-3.5" /> Connection lost, trying again…
    </p>
  );
}
