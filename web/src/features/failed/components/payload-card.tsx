import { useState } from "react";
import { JsonView } from "@/components/json-view";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { CorrectionForm } from "@/features/failed/components/correction-form";
import { forPeople } from "@/features/failed/readable";
import { CORRECTION_MEANS, PAYLOAD_TITLES, RETRY_MEANS } from "@/features/failed/words";
import type { DeadLetterDetail, Json, JsonObject } from "@/lib/api-types";

interface PayloadCardProps {
  letter: DeadLetterDetail;
  correcting: boolean;
  onCorrect: (payload: JsonObject) => Promise<unknown>;
  onCancel: () => void;
}

export const isObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is run again: to be read by people, as JSON, or to be corrected. */
export function PayloadCard({ letter, correcting, onCorrect, onCancel }: PayloadCardProps) {
  const [asJson, setAsJson] = useState(false);
  const { payload, kind } = letter;
  return (
    <Card>
      <CardHeader
        title={correcting ? "Correct and run again" : PAYLOAD_TITLES[kind]}
        description={correcting ? CORRECTION_MEANS : RETRY_MEANS[kind]}
        action={
          payload !== null &&
          !correcting && (
            <Button variant="outline" size="sm" aria-pressed={asJson} onClick={() => setAsJson(!asJson)}>
              {asJson ? "Show in words" : "Show as JSON"}
            </Button>
          )
        }
      />
      <CardBody>
        {payload === null ? (
          <p className="text-sm text-muted-foreground">
            It is no longer here, so that it can not be run again.
          </p>
        ) : correcting && isObject(payload) ? (
          <CorrectionForm payload={payload} onSubmit={onCorrect} onCancel={onCancel} />
        ) : asJson ? (
          <pre
            tabIndex={0}
            aria-label={`${PAYLOAD_TITLES[kind]}, as JSON`}
            className="max-h-[60dvh] overflow-auto rounded-lg border bg-muted/50 p-3 font-mono text-xs leading-5"
          >
            {JSON.stringify(payload, null, 2)}
          </pre>
        ) : (
          <JsonView value={forPeople(payload)} />
        )}
      </CardBody>
    </Card>
  );
}
