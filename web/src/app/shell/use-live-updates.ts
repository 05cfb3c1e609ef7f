import { useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { queryKeys } from "@/lib/query-keys";
import type { StreamState } from "@/lib/sse/stream";
import { useStream } from "@/lib/use-stream";

/**
 * What each kind of live update makes stale. Not the reports: asking for them runs plugins, which is an execution itself, so
 * each answer would ask for the next.
 */
const STALE: Record<string, QueryKey[]> = {
  gateway: [
    queryKeys.gateways,
    queryKeys.workspace,
    queryKeys.auditLog,
    queryKeys.deadLetters,
    queryKeys.deliveries,
  ],
  execution: [
    queryKeys.executions,
    queryKeys.usage,
    queryKeys.workspace,
    queryKeys.installs,
    queryKeys.deadLetters,
    queryKeys.deliveries,
  ],
  install: [queryKeys.installs, queryKeys.plugins, queryKeys.workspace, queryKeys.auditLog],
  notification: [queryKeys.notifications],
};

/** A busy tenant's updates come in hundreds a second: the pages ask again at most this often. */
const GATHER_MS = 1_000;

/** Asks again for what the server says has changed. */
export function useLiveUpdates(): StreamState {
  const client = useQueryClient();
  const stale = useRef(new Set<QueryKey>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  function gather(keys: QueryKey[]) {
    keys.forEach((key) => stale.current.add(key));
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const keysNow = [...stale.current];
      stale.current.clear();
      keysNow.forEach((queryKey) => void client.invalidateQueries({ queryKey }));
    }, GATHER_MS);
  }

  return useStream("/live", {
    // After `resync` some updates were missed, and nobody knows which.
    onEvent: ({ event }) => gather(event === "resync" ? Object.values(STALE).flat() : (STALE[event] ?? [])),
    onOpen: (resumed) => {
      // Whatever changed while nobody told us.
      if (resumed) gather(Object.values(STALE).flat());
    },
  });
}
