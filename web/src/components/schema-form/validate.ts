import {
  choicesOf,
  conditioned,
  fieldsOf,
  isObject,
  isWhole,
  resolve,
  shapeOf,
  variantOf,
} from "@/components/schema-form/schema";
import type { FieldProblem, Json, JsonObject, JsonSchema } from "@/lib/api-types";

/** What is wrong, by the path of the field (`rules.0.reply`). */
export type FieldErrors = Record<string, string>;

export interface ValidateOptions {
  /** The server keeps the secrets that were given before: an empty one means "as it is". */
  secretsStored?: boolean;
}

/**
 * Says at once what the form can know to be wrong. The server has the last word: it checks the whole schema. (A validator
 * that compiles schemas would need `eval`, which the content security policy forbids.)
 */
export function validate(schema: JsonSchema, value: JsonObject, options: ValidateOptions = {}): FieldErrors {
  const errors: FieldErrors = {};
  visit(schema, value, "", true);
  return errors;

  function visit(part: JsonSchema, at: Json | undefined, path: string, required: boolean): void {
    const resolved = resolve(part, schema);
    const shape = shapeOf(resolved, schema);
    const problem = isEmpty(at)
      ? required &&
        !(shape === "secret" && options.secretsStored) &&
        !["object", "variants", "boolean", "constant"].includes(shape)
        ? "This is needed."
        : null
      : problemOf(resolved, shape, at);
    if (problem && path) errors[path] = problem;
    if (shape === "object" && isObject(at)) {
      for (const [name, field, must] of fieldsOf(conditioned(part, at, schema)))
        visit(field, at[name], join(path, name), must);
    } else if (shape === "variants" && isObject(at)) {
      const option = (resolved.oneOf ?? resolved.anyOf)?.[variantOf(resolved, at, schema)];
      if (option) visit(option, at, path, required);
    } else if (Array.isArray(at) && typeof resolved.items === "object") {
      const items = resolved.items;
      at.forEach((item, index) => visit(items, item, join(path, String(index)), true));
    }
  }

  function problemOf(part: JsonSchema, shape: string, at: Json | undefined): string | null {
    if (shape === "choice") {
      const known = choicesOf(part, schema).some(
        (choice) => JSON.stringify(choice.value) === JSON.stringify(at),
      );
      return known ? null : "Choose one of the options.";
    }
    if (typeof at === "string") return textProblem(part, at);
    if (typeof at === "number") return numberProblem(part, at);
    if (Array.isArray(at)) {
      if (at.length < (part.minItems ?? 0)) return `At least ${part.minItems} needed.`;
      if (at.length > (part.maxItems ?? Infinity)) return `At most ${part.maxItems} allowed.`;
    }
    return null;
  }
}

function textProblem(schema: JsonSchema, text: string): string | null {
  // JSON Schema counts characters, not UTF-16 units.
  const length = Array.from(text).length;
  if (length < (schema.minLength ?? 0)) return `At least ${schema.minLength} characters.`;
  if (length > (schema.maxLength ?? Infinity)) return `At most ${schema.maxLength} characters.`;
  if (schema.pattern && !matches(schema.pattern, text)) return "This does not have the expected form.";
  if (schema.format === "uri" && !URL.canParse(text))
    return "A full address is needed, such as https://example.com.";
  return null;
}

function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    // A pattern of another dialect: the server will tell.
    return true;
  }
}

function numberProblem(schema: JsonSchema, number: number): string | null {
  if (isWhole(schema) && !Number.isInteger(number)) return "A whole number is needed.";
  if (number < (schema.minimum ?? -Infinity)) return `At least ${schema.minimum}.`;
  if (number > (schema.maximum ?? Infinity)) return `At most ${schema.maximum}.`;
  if (schema.exclusiveMinimum !== undefined && number <= schema.exclusiveMinimum)
    return `More than ${schema.exclusiveMinimum}.`;
  if (schema.exclusiveMaximum !== undefined && number >= schema.exclusiveMaximum)
    return `Less than ${schema.exclusiveMaximum}.`;
  return null;
}

function isEmpty(value: Json | undefined): boolean {
  return (
    value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0)
  );
}

export function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/**
 * The server's field errors below a prefix (`config`), by the paths that the form uses. Understands `config.rules[0].reply`,
 * `config.rules.0.reply` and `/config/rules/0/reply`.
 */
export function errorsBelow(prefix: string, problems: FieldProblem[]): FieldErrors {
  const errors: FieldErrors = {};
  for (const { field, message } of problems) {
    const parts = field
      .replace(/\[(\d+)\]/g, ".$1")
      .split(/[./]/)
      .filter(Boolean);
    if (parts[0] !== prefix) continue;
    const path = parts.slice(1).join(".");
    errors[path] = errors[path] ? `${errors[path]} ${message}` : message;
  }
  return errors;
}
