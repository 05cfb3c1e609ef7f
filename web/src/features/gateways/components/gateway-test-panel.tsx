import { CircleCheck, FlaskConical } from "lucide-react";
import { useEffect, useRef } from "react";
import { ErrorState } from "@/components/error-state";
import { TroubleCard } from "@/components/trouble-card";
import { Button } from "@/components/ui/button";
import { Spinner } from "@/components/ui/spinner";
import { useTestGateway } from "@/features/gateways/api/test-gateway";
import type { GatewayTest } from "@/lib/api-types";
import { formatDuration } from "@/lib/format";

interface GatewayTestPanelProps {
  gatewayId: string;
  /** Tests as soon as it is shown. */
  autoStart?: boolean;
}

/** Asks the provider, and says what it answered. */
export function GatewayTestPanel({ gatewayId, autoStart = false }: GatewayTestPanelProps) {
  const test = useTestGateway();
  const started = useRef(false);
  const { mutate } = test;
  useEffect(() => {
    if (!autoStart || started.current) return;
    started.current = true;
    mutate(gatewayId);
  }, [autoStart, gatewayId, mutate]);

  return (
    <div className="grid gap-3" aria-live="polite">
      {test.isPending && (
        <p className="flex items-center gap-2.5 rounded-xl border p-4 text-sm text-muted-foreground">
          <Spinner /> Asking the provider…
        </p>
      )}
      {test.data && !test.isPending && <TestResult result={test.data} />}
      {test.error && !test.isPending && <ErrorState error={test.error} />}
      {!test.isPending && (
        <Button variant="outline" size="sm" className="justify-self-start" onClick={() => mutate(gatewayId)}>
          <FlaskConical /> {test.data || test.error ? "Test again" : "Test the connection"}
        </Button>
      )}
    </div>
  );
}

function TestResult({ result }: { result: GatewayTest }) {
  if (!result.ok && result.trouble) return <TroubleCard trouble={result.trouble} />;
  return (
    <div
      data-testid="gateway-test-ok"
      className="flex items-start gap-3 rounded-xl border border-success/25 bg-success-soft p-4"
    >
      <CircleCheck aria-hidden className="mt-0.5 size-4.5 shrink-0 text-success" />
      <div className="min-w-0 text-sm">
        <p className="font-medium">It works</p>
        <p className="text-muted-foreground">
          {result.account ? (
            <>
              Connected as <span className="text-foreground">{result.account.name}</span>, in{" "}
              {formatDuration(result.took_ms)}.
            </>
          ) : (
            <>The provider answered in {formatDuration(result.took_ms)}.</>
          )}
        </p>
      </div>
    </div>
  );
}
