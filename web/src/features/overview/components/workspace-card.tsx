import { Pause, Play } from "lucide-react";
import { useWorkspace } from "@/api/get-workspace";
import { useMay } from "@/api/use-may";
import { QueryState } from "@/components/query-state";
import { Stat } from "@/components/stat";
import { Badge, type BadgeTone } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toaster";
import { useSetWorkspaceRunning } from "@/features/overview/api/set-workspace-running";
import type { Workspace } from "@/lib/api-types";
import { formatBytes, formatNumber } from "@/lib/format";

const STATES: Record<Workspace["state"], { label: string; tone: BadgeTone; text: string }> = {
  running: { label: "Running", tone: "success", text: "Events are handled as they come in." },
  stopped: { label: "Stopped", tone: "neutral", text: "Events are kept, and handled once you start it." },
  suspended: {
    label: "Suspended",
    tone: "danger",
    text: "Nothing is handled. The operator of this server can tell why.",
  },
};

/** The workspace as a whole: whether it runs, and what is in it. */
export function WorkspaceCard() {
  const query = useWorkspace();
  const change = useSetWorkspaceRunning();
  const may = useMay();
  return (
    <QueryState query={query} skeleton={<Skeleton className="h-40 rounded-xl" />}>
      {(workspace) => {
        const state = STATES[workspace.state];
        const running = workspace.state === "running";
        return (
          <Card>
            <CardHeader
              title={
                <span className="flex items-center gap-2.5">
                  Workspace
                  <Badge tone={state.tone} dot data-testid="workspace-state">
                    {state.label}
                  </Badge>
                </span>
              }
              description={state.text}
              action={
                may.manage &&
                workspace.state !== "suspended" && (
                  <Button
                    variant={running ? "outline" : "primary"}
                    size="sm"
                    pending={change.isPending}
                    onClick={() =>
                      change.mutate(!running, {
                        onError: (error) =>
                          toast.error(
                            running ? "It could not be stopped" : "It could not be started",
                            error.message,
                          ),
                      })
                    }
                  >
                    {!change.isPending && (running ? <Pause /> : <Play />)} {running ? "Stop" : "Start"}
                  </Button>
                )
              }
            />
            <CardBody>
              <dl className="grid grid-cols-2 gap-4 sm:grid-cols-4">
                <Stat label="Gateways" value={formatNumber(workspace.counts.gateways)} />
                <Stat label="Plugins" value={formatNumber(workspace.counts.plugins)} />
                <Stat label="Waiting events" value={formatNumber(workspace.counts.waiting_events)} />
                <Stat label="Storage" value={formatBytes(workspace.storage_bytes)} />
              </dl>
            </CardBody>
          </Card>
        );
      }}
    </QueryState>
  );
}
