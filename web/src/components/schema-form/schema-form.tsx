import { ObjectFields } from "@/components/schema-form/object-fields";
import type { FieldErrors } from "@/components/schema-form/validate";
import type { JsonObject, JsonSchema } from "@/lib/api-types";

interface SchemaFormProps {
  schema: JsonSchema;
  value: JsonObject;
  onChange: (value: JsonObject) => void;
  errors?: FieldErrors;
  /** Secrets are kept from before; their fields say that leaving them empty keeps them. */
  secretsStored?: boolean;
}

/** The fields of an object that a JSON Schema describes. The form around it sends. */
export function SchemaForm({ schema, value, onChange, errors = {}, secretsStored = false }: SchemaFormProps) {
  return (
    <ObjectFields
      context={{ root: schema, errors, secretsStored }}
      schema={schema}
      value={value}
      path=""
      onChange={onChange}
    />
  );
}

/** True when there is anything to fill in. */
export function hasFields(schema: JsonSchema): boolean {
  return (
    Object.keys(schema.properties ?? {}).length > 0 || Boolean(schema.allOf ?? schema.oneOf ?? schema.$ref)
  );
}
