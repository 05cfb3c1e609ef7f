import { Lock } from "lucide-react";
import { hasFields, SchemaForm } from "@/components/schema-form/schema-form";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import type { GatewayDraft, GatewayErrors } from "@/features/gateways/gateway-input";
import type { GatewayKind } from "@/lib/api-types";

interface GatewayFormProps {
  kind: GatewayKind;
  draft: GatewayDraft;
  onChange: (draft: GatewayDraft) => void;
  errors: GatewayErrors;
  secretsStored?: boolean;
}

/** The fields of a gateway, as its kind describes them. */
export function GatewayForm({ kind, draft, onChange, errors, secretsStored = false }: GatewayFormProps) {
  return (
    <div className="grid gap-5">
      <Field label="Name" hint="For you, to tell it from the others." error={errors.name}>
        {(aria) => (
          <Input
            {...aria}
            value={draft.name}
            maxLength={100}
            onChange={(event) => onChange({ ...draft, name: event.target.value })}
          />
        )}
      </Field>
      {hasFields(kind.config_schema) && (
        <SchemaForm
          schema={kind.config_schema}
          value={draft.config}
          errors={errors.config}
          onChange={(config) => onChange({ ...draft, config })}
        />
      )}
      {hasFields(kind.credentials_schema) && (
        <section className="grid gap-4 rounded-xl border bg-background/60 p-4">
          <p className="flex items-start gap-2 text-xs text-muted-foreground">
            <Lock aria-hidden className="mt-0.5 size-3.5 shrink-0" />
            Credentials are encrypted when they arrive. No plugin ever sees them, and neither does this page
            again.
          </p>
          <SchemaForm
            schema={kind.credentials_schema}
            value={draft.credentials}
            errors={errors.credentials}
            secretsStored={secretsStored}
            onChange={(credentials) => onChange({ ...draft, credentials })}
          />
        </section>
      )}
    </div>
  );
}
