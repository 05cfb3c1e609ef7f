import { Link } from "@tanstack/react-router";
import { PowerOff } from "lucide-react";
import type { ReactNode } from "react";
import { useInstalls } from "@/api/get-installs";
import { ErrorState } from "@/components/error-state";
import { LogCard } from "@/components/log-card";
import { TroubleCard } from "@/components/trouble-card";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { DoneCalls } from "@/features/failed/components/done-calls";
import { PayloadCard } from "@/features/failed/components/payload-card";
import { FAULTS, KINDS } from "@/features/failed/words";
import type { DeadLetterDetail, JsonObject } from "@/lib/api-types";
import { formatDateTime, plural } from "@/lib/format";

interface FailedDetailProps {
  letter: DeadLetterDetail;
  /** Why it could not be run again just now. */
  error: unknown;
  correcting: boolean;
  onCorrect: (payload: JsonObject) => Promise<unknown>;
  onCancel: () => void;
}

const LINK = "text-primary hover:underline";

/** One thing that failed for good: why, when, what it was about, and what is already done of it. */
export function FailedDetail({ letter, error, ...correction }: FailedDetailProps) {
  const { plugin, gateway, execution_id, failure } = letter;
  const isRun = letter.kind === "execution";
  return (
    <div className="grid grid-cols-1 gap-5">
      {error !== null && error !== undefined && <ErrorState error={error} />}
      <PluginOff letter={letter} />
      <TroubleCard trouble={letter.reason} />
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="grid min-w-0 grid-cols-1 gap-5">
          <PayloadCard letter={letter} {...correction} />
          {isRun && <DoneCalls calls={letter.journal} />}
          {isRun && <LogCard logs={letter.logs} />}
        </div>
        <Card>
          <CardHeader title="Details" />
          <CardBody>
            <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 text-[0.8125rem]">
              <Fact name="Kind">{KINDS[letter.kind].one}</Fact>
              {plugin && (
                <Fact name="Plugin">
                  <Link to="/plugins/$slug" params={{ slug: plugin.slug }} className={LINK}>
                    {plugin.name}
                  </Link>
                </Fact>
              )}
              {gateway && (
                <Fact name="Gateway">
                  <Link to="/gateways/$gatewayId" params={{ gatewayId: gateway.id }} className={LINK}>
                    {gateway.name}
                  </Link>
                </Fact>
              )}
              {execution_id && (
                <Fact name={isRun ? "Run" : "Asked for by"}>
                  <Link to="/activity/$executionId" params={{ executionId: execution_id }} className={LINK}>
                    {isRun ? "What it did and used" : "a run of the plugin"}
                  </Link>
                </Fact>
              )}
              {failure && <Fact name="Whose doing">{FAULTS[failure.fault]}</Fact>}
              {letter.attempts > 0 && <Fact name="Tried">{plural(letter.attempts, "time")}</Fact>}
              <Fact name="Came in">{formatDateTime(letter.created_at)}</Fact>
              <Fact name="Given up">{formatDateTime(letter.failed_at)}</Fact>
              <Fact name="Code">
                <code className="text-xs select-all">{letter.reason.code}</code>
              </Fact>
              <Fact name="Id">
                <code className="text-xs break-all select-all">{letter.id}</code>
              </Fact>
            </dl>
          </CardBody>
        </Card>
      </div>
    </div>
  );
}

/** A run can not be run again while its plugin is off: better said before than after. */
function PluginOff({ letter }: { letter: DeadLetterDetail }) {
  const installs = useInstalls();
  const { plugin } = letter;
  if (letter.kind !== "execution" || !plugin) return null;
  const install = installs.data?.find((one) => one.plugin.slug === plugin.slug);
  if (!install || install.state === "enabled") return null;
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl border border-warning/30 bg-warning-soft p-4 text-sm"
    >
      <PowerOff aria-hidden className="size-4.5 shrink-0 text-warning" />
      <p className="min-w-0 flex-1 basis-48">
        {plugin.name} is {install.state === "paused" ? "paused" : "off"}. Enable it first, then run this
        again.
      </p>
      <Button asChild variant="outline" size="sm">
        <Link to="/plugins/$slug" params={{ slug: plugin.slug }}>
          Open {plugin.name}
        </Link>
      </Button>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted-foreground">{name}</dt>
      <dd className="min-w-0 text-right break-words">{children}</dd>
    </>
  );
}
