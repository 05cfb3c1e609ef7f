import { useQuery } from "@tanstack/react-query";
import { QueryState } from "@/components/query-state";
import { RelativeTime } from "@/components/relative-time";
import { Badge } from "@/components/ui/badge";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { twoFactorQuery } from "@/features/auth/api/get-two-factor";
import { DisableDialog } from "@/features/auth/components/two-factor/disable-dialog";
import { RenewDialog } from "@/features/auth/components/two-factor/renew-dialog";
import { SetupDialog } from "@/features/auth/components/two-factor/setup-dialog";
import type { TwoFactor } from "@/lib/api-types";
import { plural } from "@/lib/format";

/** Recovery codes below which one should make new ones. */
const FEW = 3;

/** Whether signing in takes a code besides the password, and the ways to change that. */
export function TwoFactorCard() {
  const query = useQuery(twoFactorQuery);
  return (
    <Card>
      <CardHeader
        title={
          <span className="flex items-center gap-2">
            Two-factor sign-in {query.data?.enabled && <Badge tone="success">On</Badge>}
          </span>
        }
        description="A code of your phone besides the password: whoever learns your password still can not get in."
      />
      <CardBody>
        <QueryState query={query} skeleton={<Skeleton className="h-9" />}>
          {(state) => (
            <>
              {state.enabled && <WhenOn state={state} />}
              {/* Stays while it shows the recovery codes, when it is on already. */}
              <SetupDialog isOn={state.enabled} />
            </>
          )}
        </QueryState>
      </CardBody>
    </Card>
  );
}

function WhenOn({ state }: { state: TwoFactor }) {
  const left = state.recovery_codes_left;
  return (
    <div className="grid gap-4">
      <p className="text-sm text-muted-foreground">
        Turned on {state.enabled_at && <RelativeTime time={state.enabled_at} />}.{" "}
        <span className={left < FEW ? "font-medium text-warning" : undefined}>
          {left === 0 ? "No recovery code is left." : `${plural(left, "recovery code")} left.`}
        </span>
      </p>
      <div className="flex flex-wrap gap-2">
        <RenewDialog />
        <DisableDialog />
      </div>
    </div>
  );
}
