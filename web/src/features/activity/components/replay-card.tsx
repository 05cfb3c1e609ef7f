import { History } from "lucide-react";
import { useState } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Select } from "@/components/ui/select";
import { useReplay } from "@/features/activity/api/replay-execution";
import { ReplayResult } from "@/features/activity/components/replay-result";
import { toApiError } from "@/lib/api-error";
import type { Execution, ReplayComponent } from "@/lib/api-types";

/** Runs a run once more to look at it, while nothing happens in the world. */
export function ReplayCard({ execution }: { execution: Execution }) {
  const [component, setComponent] = useState<ReplayComponent>("recorded");
  const replay = useReplay(execution.id);
  const isOver = execution.state === "succeeded" || execution.state === "failed";
  const isGone = replay.error !== null && toApiError(replay.error).code === "component_gone";

  function run(which: ReplayComponent) {
    setComponent(which);
    replay.mutate(which);
  }

  return (
    <Card>
      <CardHeader
        title="Replay"
        description="Runs it once more from what was recorded, to see what it does. Nothing is touched: nothing is sent, asked, kept or billed."
      />
      <CardBody className="grid gap-4">
        <div className="flex flex-wrap items-center gap-2">
          <Select
            aria-label="With which version"
            className="w-56 max-sm:w-full"
            value={component}
            disabled={replay.isPending}
            onChange={(event) => setComponent(event.target.value as ReplayComponent)}
          >
            <option value="recorded">The version that ran</option>
            <option value="current">The newest version</option>
          </Select>
          <Button
            variant="outline"
            pending={replay.isPending}
            disabled={!isOver}
            onClick={() => run(component)}
          >
            {!replay.isPending && <History />} Replay
          </Button>
          {!isOver && (
            <p className="text-xs text-muted-foreground">It can be replayed once it has its outcome.</p>
          )}
        </div>
        {replay.error && (
          <div className="grid gap-2">
            <ErrorState error={replay.error} />
            {isGone && component === "recorded" && (
              <p className="flex flex-wrap items-center gap-2 text-sm text-muted-foreground">
                The plugin was upgraded since then.
                <Button variant="outline" size="sm" onClick={() => run("current")}>
                  Replay with the newest version
                </Button>
              </p>
            )}
          </div>
        )}
        <div aria-live="polite">{replay.data && <ReplayResult replay={replay.data} />}</div>
      </CardBody>
    </Card>
  );
}
