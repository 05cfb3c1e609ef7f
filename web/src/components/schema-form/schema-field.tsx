import { useId } from "react";
import { ListField } from "@/components/schema-form/list-field";
import { ObjectFields, type FormContext } from "@/components/schema-form/object-fields";
import {
  choicesOf,
  defaultOf,
  isObject,
  isWhole,
  resolve,
  shapeOf,
  variantOf,
  type Choice,
} from "@/components/schema-form/schema";
import { JsonInput } from "@/components/schema-form/json-input";
import { SecretInput } from "@/components/schema-form/secret-input";
import { TagsInput } from "@/components/schema-form/tags-input";
import { Checkbox } from "@/components/ui/checkbox";
import { Field, FieldError, type FieldAria } from "@/components/ui/field";
import { Input, Textarea } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Switch } from "@/components/ui/switch";
import type { Json, JsonSchema } from "@/lib/api-types";
import { humanize } from "@/lib/format";

interface SchemaFieldProps {
  context: FormContext;
  name: string;
  schema: JsonSchema;
  required: boolean;
  value: Json | undefined;
  path: string;
  onChange: (value: Json | undefined) => void;
}

/** One named field, in the shape that its schema asks for. */
export function SchemaField(props: SchemaFieldProps) {
  const { context, name, required, value, path, onChange } = props;
  const schema = resolve(props.schema, context.root);
  const shape = shapeOf(schema, context.root);
  const label = schema.title ?? humanize(name);
  const error = context.errors[path];

  // What has a default is never missing: saying "optional" there is noise.
  const mark = required || schema.default === undefined ? required : undefined;

  if (shape === "constant") return null;
  if (shape === "boolean") {
    return (
      <BooleanField
        label={label}
        hint={schema.description}
        error={error}
        checked={value === true}
        onChange={onChange}
      />
    );
  }
  if (shape === "object") {
    return (
      <fieldset className="rounded-xl border bg-background/60 p-4">
        {/* Floating takes a legend out of the border's line. */}
        <legend className="float-left mb-3 text-[0.8125rem] font-medium">{label}</legend>
        {schema.description && (
          <p className="clear-both -mt-2 mb-4 text-xs text-muted-foreground">{schema.description}</p>
        )}
        <div className="clear-both" />
        <ObjectFields
          {...{ context, path, onChange }}
          schema={props.schema}
          value={isObject(value) ? value : {}}
        />
      </fieldset>
    );
  }
  if (shape === "variants") return <VariantsField {...props} schema={schema} label={label} />;
  if (shape === "list") {
    return (
      <ListField
        {...{ context, schema, label, error, path, onChange }}
        value={Array.isArray(value) ? value : []}
      />
    );
  }
  if (shape === "choices") {
    return (
      <ChoicesField
        {...{ context, schema, label, error, onChange }}
        value={Array.isArray(value) ? value : []}
      />
    );
  }
  return (
    <Field label={label} hint={schema.description} error={error} required={mark}>
      {(aria) => <Control {...{ context, schema, shape, value, onChange, aria }} />}
    </Field>
  );
}

interface ControlProps {
  context: FormContext;
  schema: JsonSchema;
  shape: ReturnType<typeof shapeOf>;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  aria: FieldAria;
}

/** The control of a field with one value. */
function Control({ context, schema, shape, value, onChange, aria }: ControlProps) {
  const text = typeof value === "string" ? value : "";
  const example = schema.examples?.[0];
  const placeholder =
    typeof example === "string" || typeof example === "number" ? String(example) : undefined;
  switch (shape) {
    case "secret":
      return (
        <SecretInput
          aria={aria}
          value={text}
          placeholder={context.secretsStored ? "Stored. Leave empty to keep it" : placeholder}
          canGenerate={schema["x-generate"] === "whsec"}
          onChange={(typed) => onChange(textOr(typed, schema))}
        />
      );
    case "long-text":
      return (
        <Textarea
          {...aria}
          value={text}
          placeholder={placeholder}
          onChange={(event) => onChange(textOr(event.target.value, schema))}
        />
      );
    case "text":
      return (
        <Input
          {...aria}
          type={schema.format === "email" ? "email" : schema.format === "date" ? "date" : "text"}
          inputMode={schema.format === "uri" ? "url" : undefined}
          value={text}
          placeholder={placeholder}
          onChange={(event) => onChange(textOr(event.target.value, schema))}
        />
      );
    case "number":
      return (
        <Input
          {...aria}
          type="number"
          className="max-w-48"
          min={schema.minimum}
          max={schema.maximum}
          step={schema.multipleOf ?? (isWhole(schema) ? 1 : "any")}
          value={typeof value === "number" ? value : ""}
          placeholder={placeholder}
          onChange={(event) =>
            onChange(Number.isNaN(event.target.valueAsNumber) ? undefined : event.target.valueAsNumber)
          }
        />
      );
    case "texts":
      return <TagsInput aria={aria} value={stringsOf(value)} onChange={onChange} placeholder={placeholder} />;
    case "choice":
      return (
        <ChoiceSelect
          aria={aria}
          choices={choicesOf(schema, context.root)}
          value={value}
          onChange={onChange}
        />
      );
    default:
      return <JsonInput aria={aria} value={value} onChange={onChange} />;
  }
}

/** A text that was emptied is left out, unless a default would then come back in its place. */
function textOr(text: string, schema: JsonSchema): string | undefined {
  return text === "" && typeof schema.default !== "string" ? undefined : text;
}

function stringsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

interface ChoiceSelectProps {
  aria: FieldAria;
  choices: Choice[];
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}

function ChoiceSelect({ aria, choices, value, onChange }: ChoiceSelectProps) {
  const chosen = choices.findIndex((choice) => JSON.stringify(choice.value) === JSON.stringify(value));
  const description = choices[chosen]?.description;
  return (
    <>
      <Select
        {...aria}
        className="w-full"
        value={chosen}
        onChange={(event) => onChange(choices[Number(event.target.value)]?.value)}
      >
        {(chosen === -1 || !aria["aria-required"]) && <option value={-1}>Choose…</option>}
        {choices.map((choice, index) => (
          <option key={index} value={index}>
            {choice.label}
          </option>
        ))}
      </Select>
      {description && <p className="text-xs text-muted-foreground">{description}</p>}
    </>
  );
}

interface BooleanFieldProps {
  label: string;
  hint?: string;
  error?: string;
  checked: boolean;
  onChange: (value: boolean) => void;
}

function BooleanField({ label, hint, error, checked, onChange }: BooleanFieldProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-3">
      <Switch
        id={id}
        checked={checked}
        onCheckedChange={onChange}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="mt-0.5"
      />
      <div className="grid gap-0.5">
        <label htmlFor={id} className="cursor-pointer text-[0.8125rem] font-medium">
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className="text-xs text-muted-foreground">
            {hint}
          </p>
        )}
        {error && <FieldError>{error}</FieldError>}
      </div>
    </div>
  );
}

interface ChoicesFieldProps {
  context: FormContext;
  schema: JsonSchema;
  label: string;
  error?: string;
  value: Json[];
  onChange: (value: Json) => void;
}

/** Any number out of a few. */
function ChoicesField({ context, schema, label, error, value, onChange }: ChoicesFieldProps) {
  const choices =
    typeof schema.items === "object" ? choicesOf(resolve(schema.items, context.root), context.root) : [];
  const has = (choice: Choice) => value.some((item) => JSON.stringify(item) === JSON.stringify(choice.value));
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 text-[0.8125rem] font-medium">{label}</legend>
      {choices.map((choice) => (
        <label key={choice.label} className="flex items-center gap-2.5 text-sm">
          <Checkbox
            checked={has(choice)}
            onCheckedChange={(checked) => {
              const others = value.filter((item) => JSON.stringify(item) !== JSON.stringify(choice.value));
              onChange(checked === true ? [...others, choice.value] : others);
            }}
          />
          {choice.label}
        </label>
      ))}
      {schema.description && <p className="text-xs text-muted-foreground">{schema.description}</p>}
      {error && <FieldError>{error}</FieldError>}
    </fieldset>
  );
}

/** An object that can be one of several kinds: the kind is chosen first. */
function VariantsField({
  context,
  schema,
  label,
  value,
  path,
  required,
  onChange,
}: SchemaFieldProps & { label: string }) {
  const options = (schema.oneOf ?? schema.anyOf ?? []).map((option) => resolve(option, context.root));
  const chosen = variantOf(schema, value, context.root);
  const variant = options[chosen];
  return (
    <div className="grid gap-3">
      <Field label={label} hint={schema.description} error={context.errors[path]} required={required}>
        {(aria) => (
          <Select
            {...aria}
            className="w-full"
            value={chosen}
            onChange={(event) => {
              const next = options[Number(event.target.value)];
              if (next) onChange(defaultOf(next, context.root));
            }}
          >
            {options.map((option, index) => (
              <option key={index} value={index}>
                {option.title ?? `Variant ${index + 1}`}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {variant && (
        <div className="border-l-2 pl-4">
          <ObjectFields
            {...{ context, path, onChange }}
            schema={variant}
            value={isObject(value) ? value : {}}
          />
        </div>
      )}
    </div>
  );
}
