import { SchemaField } from "@/components/schema-form/schema-field";
import { conditioned, fieldsOf } from "@/components/schema-form/schema";
import { join, type FieldErrors } from "@/components/schema-form/validate";
import type { Json, JsonObject, JsonSchema } from "@/lib/api-types";

/** What every field of one form needs to know. */
export interface FormContext {
  /** Where references point into. */
  root: JsonSchema;
  errors: FieldErrors;
  secretsStored: boolean;
}

interface ObjectFieldsProps {
  context: FormContext;
  schema: JsonSchema;
  value: JsonObject;
  path: string;
  onChange: (value: JsonObject) => void;
}

export function ObjectFields({ context, schema, value, path, onChange }: ObjectFieldsProps) {
  const fields = fieldsOf(conditioned(schema, value, context.root));
  const set = (name: string, next: Json | undefined) => {
    const changed = { ...value };
    if (next === undefined) delete changed[name];
    else changed[name] = next;
    onChange(changed);
  };
  return (
    <div className="grid gap-4">
      {fields.map(([name, field, required]) => (
        <SchemaField
          key={name}
          context={context}
          name={name}
          schema={field}
          required={required}
          value={value[name]}
          path={join(path, name)}
          onChange={(next) => set(name, next)}
        />
      ))}
    </div>
  );
}
