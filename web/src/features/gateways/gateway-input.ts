import { defaultOf, isObject } from "@/components/schema-form/schema";
import { errorsBelow, validate, type FieldErrors } from "@/components/schema-form/validate";
import { ApiError } from "@/lib/api-error";
import type { Gateway, GatewayKind, JsonObject } from "@/lib/api-types";

/** What is typed into the form of a gateway. */
export interface GatewayDraft {
  name: string;
  credentials: JsonObject;
  config: JsonObject;
}

export interface GatewayErrors {
  name?: string;
  credentials: FieldErrors;
  config: FieldErrors;
}

export const NO_ERRORS: GatewayErrors = { credentials: {}, config: {} };

export function newDraft(kind: GatewayKind): GatewayDraft {
  return {
    name: kind.name,
    credentials: startOf(kind.credentials_schema),
    config: startOf(kind.config_schema),
  };
}

export function draftOf(gateway: Pick<Gateway, "name" | "config">, kind: GatewayKind): GatewayDraft {
  return {
    name: gateway.name,
    // What is stored never comes back; the form begins empty and an empty field keeps it.
    credentials: {},
    config: { ...startOf(kind.config_schema), ...gateway.config },
  };
}

function startOf(schema: GatewayKind["config_schema"]): JsonObject {
  const value = defaultOf(schema, schema);
  return isObject(value) ? value : {};
}

/** What the form can know to be wrong; null when nothing. */
export function checkDraft(
  kind: GatewayKind,
  draft: GatewayDraft,
  secretsStored: boolean,
): GatewayErrors | null {
  const credentialsTouched = Object.keys(draft.credentials).length > 0;
  const errors: GatewayErrors = {
    name: draft.name.trim() === "" ? "This is needed." : undefined,
    credentials:
      secretsStored && !credentialsTouched
        ? {}
        : validate(kind.credentials_schema, draft.credentials, { secretsStored }),
    config: validate(kind.config_schema, draft.config),
  };
  return errors.name || hasAny(errors.credentials) || hasAny(errors.config) ? errors : null;
}

/** What the server found wrong, by field; null when it named no field of the form. */
export function serverErrors(error: unknown): GatewayErrors | null {
  if (!(error instanceof ApiError) || error.fields.length === 0) return null;
  const errors: GatewayErrors = {
    name: error.fields.find((problem) => problem.field === "name")?.message,
    credentials: errorsBelow("credentials", error.fields),
    config: errorsBelow("config", error.fields),
  };
  return errors.name || hasAny(errors.credentials) || hasAny(errors.config) ? errors : null;
}

const hasAny = (errors: FieldErrors) => Object.keys(errors).length > 0;
