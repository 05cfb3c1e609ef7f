import { useMutation, useQueryClient } from "@tanstack/react-query";
import { workspaceQuery } from "@/api/get-workspace";
import { api } from "@/lib/api-client";
import type { Workspace } from "@/lib/api-types";

/** Starts the workspace, or stops it: events are then kept until it starts again. */
export const setWorkspaceRunning = (running: boolean) =>
  api<Workspace>(running ? "/workspace/start" : "/workspace/stop", { method: "POST" });

export function useSetWorkspaceRunning() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: setWorkspaceRunning,
    onSuccess: (workspace) => client.setQueryData(workspaceQuery.queryKey, workspace),
  });
}
