import { Link } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useState, type FormEvent } from "react";
import { ErrorState } from "@/components/error-state";
import { JsonView } from "@/components/json-view";
import { hasFields, SchemaForm } from "@/components/schema-form/schema-form";
import { defaultOf, isObject } from "@/components/schema-form/schema";
import { errorsBelow, validate, type FieldErrors } from "@/components/schema-form/validate";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { useRunAction } from "@/features/plugins/api/run-action";
import { ApiError } from "@/lib/api-error";
import type { JsonObject, PluginAction } from "@/lib/api-types";

interface ActionCardProps {
  slug: string;
  action: PluginAction;
  disabled: boolean;
}

/** Runs one action of a plugin from a form, and shows what it answered. */
export function ActionCard({ slug, action, disabled }: ActionCardProps) {
  const [input, setInput] = useState<JsonObject>(() => {
    const start = defaultOf(action.input_schema, action.input_schema);
    return isObject(start) ? start : {};
  });
  const [errors, setErrors] = useState<FieldErrors>({});
  const run = useRunAction(slug, action.name);

  function submit(event: FormEvent) {
    event.preventDefault();
    const wrong = validate(action.input_schema, input);
    setErrors(wrong);
    if (Object.keys(wrong).length > 0) return;
    run.mutate(input, {
      onError: (error) => setErrors(error instanceof ApiError ? errorsBelow("input", error.fields) : {}),
    });
  }

  return (
    <Card>
      <CardHeader
        title={action.title}
        description={action.description}
        action={
          <Badge tone={action.kind === "command" ? "warning" : "neutral"}>
            {action.kind === "command" ? "Changes something" : "Reads only"}
          </Badge>
        }
      />
      <CardBody>
        <form onSubmit={submit} noValidate className="grid gap-4">
          {hasFields(action.input_schema) && (
            <div className="max-w-2xl">
              <SchemaForm schema={action.input_schema} value={input} onChange={setInput} errors={errors} />
            </div>
          )}
          <div className="flex flex-wrap items-center gap-3">
            <Button type="submit" variant="outline" pending={run.isPending} disabled={disabled}>
              {!run.isPending && <Play />} Run
            </Button>
            {disabled && (
              <p className="text-xs text-muted-foreground">Enable the plugin to run its actions.</p>
            )}
          </div>
        </form>
        {run.error && <ErrorState error={run.error} className="mt-4" />}
        {run.data && (
          <div className="mt-4 grid gap-2 border-t pt-4" aria-live="polite">
            <p className="flex items-baseline justify-between text-xs text-muted-foreground">
              Its answer
              <Link
                to="/activity/$executionId"
                params={{ executionId: run.data.execution_id }}
                className="text-primary hover:underline"
              >
                What it used
              </Link>
            </p>
            <JsonView value={run.data.output} />
          </div>
        )}
      </CardBody>
    </Card>
  );
}
