import { useEffect, useRef, useState } from "react";
import { openStream, type StreamOptions, type StreamState } from "@/lib/sse/stream";

/** Follows a stream of the API while the component is shown; `null` follows none. */
export function useStream(path: string | null, handlers: Omit<StreamOptions, "onState">): StreamState {
  const [state, setState] = useState<StreamState>("closed");
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });
  useEffect(() => {
    if (path === null) return;
    return openStream(path, {
      onEvent: (event) => latest.current.onEvent(event),
      onOpen: (resumed) => latest.current.onOpen?.(resumed),
      onRefused: (error) => latest.current.onRefused?.(error),
      onState: setState,
    });
  }, [path]);
  return state;
}
