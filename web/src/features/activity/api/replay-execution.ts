import { useMutation } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { Replay, ReplayComponent } from "@/lib/api-types";

/** Runs the last attempt once more, from what was recorded of it. Nothing changes by it, so that nothing is asked for again. */
export const replayExecution = (id: string, component: ReplayComponent) =>
  api<Replay>(path`/executions/${id}/replay`, { method: "POST", body: { component } });

export const useReplay = (id: string) =>
  useMutation({ mutationFn: (component: ReplayComponent) => replayExecution(id, component) });
