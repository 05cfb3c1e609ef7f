import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { CircleCheckBig } from "lucide-react";
import { useState } from "react";
import { BackLink } from "@/components/back-link";
import { EmptyState } from "@/components/empty-state";
import { ManagersOnly } from "@/components/managers-only";
import { Page } from "@/components/page";
import { QueryState } from "@/components/query-state";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toaster";
import { useRetry } from "@/features/failed/api/decide";
import { useDeadLetter } from "@/features/failed/api/get-dead-letter";
import { FailedActions } from "@/features/failed/components/failed-actions";
import { FailedDetail } from "@/features/failed/components/failed-detail";
import { isObject } from "@/features/failed/components/payload-card";
import { failedTitle, failedWhat } from "@/features/failed/words";
import { toApiError } from "@/lib/api-error";
import type { JsonObject, RetryResult } from "@/lib/api-types";

export function FailedOneRoute() {
  const { letterId } = useParams({ from: "/app/failed/$letterId" });
  // Another one begins anew: no correction goes along.
  return <FailedOne key={letterId} letterId={letterId} />;
}

function FailedOne({ letterId }: { letterId: string }) {
  const navigate = useNavigate();
  const query = useDeadLetter(letterId);
  const retry = useRetry(letterId);
  const [correcting, setCorrecting] = useState(false);
  const letter = query.data;
  const above = <BackLink to="/failed">Failed</BackLink>;

  function onRetried({ id, kind }: RetryResult) {
    toast.success("It is run again");
    // The run tells how it goes; a delivery has none of its own.
    const executionId = kind === "execution" ? id : kind === "effect" ? letter?.execution_id : undefined;
    void (executionId
      ? navigate({ to: "/activity/$executionId", params: { executionId } })
      : navigate({ to: "/failed" }));
  }

  // Someone decided on it meanwhile, perhaps in another window; what is being corrected is not taken away.
  if (query.error && toApiError(query.error).status === 404 && !correcting) {
    return (
      <Page title="Failed" above={above}>
        <Card>
          <EmptyState
            icon={CircleCheckBig}
            title="This does not wait any more"
            action={
              <>
                <Button asChild variant="outline" size="sm">
                  <Link to="/failed">What still waits</Link>
                </Button>
                <Button asChild variant="outline" size="sm">
                  <Link to="/activity">Activity</Link>
                </Button>
              </>
            }
          >
            It was run again or discarded, or it is no longer in the history.
          </EmptyState>
        </Card>
      </Page>
    );
  }

  return (
    <Page
      title={letter ? failedTitle(letter) : "Failed"}
      above={above}
      description={letter && failedWhat(letter)}
      actions={
        letter && (
          <ManagersOnly>
            <FailedActions
              letter={letter}
              retry={retry}
              correcting={correcting}
              onCorrect={
                letter.kind !== "effect" && isObject(letter.payload) ? () => setCorrecting(true) : undefined
              }
              onRetried={onRetried}
              onDiscarded={() => {
                toast.success("It is discarded");
                void navigate({ to: "/failed" });
              }}
            />
          </ManagersOnly>
        )
      }
    >
      <QueryState query={query} skeleton={<Skeleton className="h-80 rounded-xl" />}>
        {(loaded) => (
          <FailedDetail
            letter={loaded}
            error={correcting ? null : retry.error}
            correcting={correcting}
            onCorrect={(payload: JsonObject) => retry.mutateAsync(payload).then(onRetried)}
            onCancel={() => setCorrecting(false)}
          />
        )}
      </QueryState>
    </Page>
  );
}
