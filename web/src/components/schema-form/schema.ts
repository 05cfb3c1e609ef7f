import type { Json, JsonObject, JsonSchema } from "@/lib/api-types";
import { humanize } from "@/lib/format";

/** Texts that may be longer than this get several lines. */
const LONG_TEXT = 1_000;

/** How a part of a schema is shown. */
export type Shape =
  | "text"
  | "secret"
  | "long-text"
  | "number"
  | "boolean"
  | "choice"
  | "constant"
  | "object"
  | "texts"
  | "choices"
  | "list"
  | "variants"
  | "json";

/** A schema with its reference followed, its `allOf` joined, and "or null" taken away. */
export function resolve(schema: JsonSchema, root: JsonSchema, depth = 0): JsonSchema {
  if (depth > 16) return {};
  if (schema.$ref) {
    const { $ref, ...beside } = schema;
    return { ...resolve(follow($ref, root), root, depth + 1), ...beside };
  }
  if (schema.allOf) {
    const { allOf, ...beside } = schema;
    const parts = allOf.filter((part) => !part.if).map((part) => resolve(part, root, depth + 1));
    return [...parts, beside].reduce(join, {});
  }
  const options = schema.anyOf ?? schema.oneOf;
  if (options) {
    const present = options.filter((option) => option.type !== "null");
    if (present.length === 1 && present[0]) {
      const beside = { ...schema };
      delete beside.anyOf;
      delete beside.oneOf;
      return { ...resolve(present[0], root, depth + 1), ...beside };
    }
  }
  return schema;
}

function follow(reference: string, root: JsonSchema): JsonSchema {
  if (!reference.startsWith("#")) return {};
  let at: unknown = root;
  for (const part of reference.slice(1).split("/").filter(Boolean)) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    at = typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined;
  }
  return typeof at === "object" && at !== null ? at : {};
}

function join(left: JsonSchema, right: JsonSchema): JsonSchema {
  return {
    ...left,
    ...right,
    properties:
      left.properties || right.properties ? joinProperties(left.properties, right.properties) : undefined,
    required:
      left.required || right.required ? [...(left.required ?? []), ...(right.required ?? [])] : undefined,
  };
}

/** A condition often says more about a field that is described elsewhere: its title must not get lost. */
function joinProperties(left: JsonSchema["properties"] = {}, right: JsonSchema["properties"] = {}) {
  const joined = { ...left };
  for (const [name, field] of Object.entries(right)) joined[name] = { ...joined[name], ...field };
  return joined;
}

function typeOf(schema: JsonSchema): string | undefined {
  const types = Array.isArray(schema.type) ? schema.type.filter((type) => type !== "null") : [schema.type];
  if (types.length === 1 && types[0]) return types[0];
  if (schema.properties) return "object";
  return undefined;
}

/** True for numbers without a fraction. */
export const isWhole = (schema: JsonSchema): boolean => typeOf(schema) === "integer";

/** The shape of a resolved schema. */
export function shapeOf(schema: JsonSchema, root: JsonSchema): Shape {
  if (schema.const !== undefined) return "constant";
  if (schema.enum) return "choice";
  const options = schema.oneOf ?? schema.anyOf;
  if (options) {
    const resolved = options.map((option) => resolve(option, root));
    if (resolved.every((option) => option.const !== undefined)) return "choice";
    if (resolved.every((option) => typeOf(option) === "object")) return "variants";
    return "json";
  }
  switch (typeOf(schema)) {
    case "string":
      if (schema.writeOnly || schema.format === "password") return "secret";
      if (
        schema.format === "textarea" ||
        schema.format === "markdown" ||
        (!schema.pattern && (schema.maxLength ?? 0) > LONG_TEXT)
      ) {
        return "long-text";
      }
      return "text";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "object":
      return schema.properties ? "object" : "json";
    case "array": {
      if (typeof schema.items !== "object") return "json";
      const item = shapeOf(resolve(schema.items, root), root);
      if (item === "text" || item === "long-text") return "texts";
      if (item === "choice") return "choices";
      return item === "json" ? "json" : "list";
    }
    default:
      return "json";
  }
}

export interface Choice {
  value: Json;
  label: string;
  description?: string;
}

/** What a choice can be. */
export function choicesOf(schema: JsonSchema, root: JsonSchema): Choice[] {
  if (schema.enum) return schema.enum.map((value) => ({ value, label: labelOf(value) }));
  return (schema.oneOf ?? schema.anyOf ?? []).map((option) => {
    const resolved = resolve(option, root);
    const value = resolved.const ?? null;
    return { value, label: resolved.title ?? labelOf(value), description: resolved.description };
  });
}

function labelOf(value: Json): string {
  if (typeof value !== "string") return JSON.stringify(value);
  // `gpt-4o` and `en-GB` are names and stay; `exact_match` is a word for programs.
  return /^[a-z]+(_[a-z]+)*$/.test(value) ? humanize(value) : value;
}

/** The fields of an object, in the order of the schema. */
export function fieldsOf(schema: JsonSchema): [name: string, field: JsonSchema, required: boolean][] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {})
    .filter(([, field]) => !field.readOnly)
    .map(([name, field]) => [name, field, required.has(name)]);
}

/**
 * The schema as it is for this value: with what its `if`s ask for, such as an address where the provider is "custom". Forms
 * use conditions on named fields; any other is left to the server.
 */
export function conditioned(schema: JsonSchema, value: Json | undefined, root: JsonSchema): JsonSchema {
  if (schema.$ref) return conditioned(follow(schema.$ref, root), value, root);
  const conditions = [schema, ...(schema.allOf ?? [])].filter((part) => part.if);
  return conditions.reduce(
    (whole, { if: test, then, else: otherwise }) => {
      const chosen = test && applies(test, value) ? then : otherwise;
      return chosen ? join(whole, resolve(chosen, root)) : whole;
    },
    resolve(schema, root),
  );
}

function applies(test: JsonSchema, value: Json | undefined): boolean {
  const object = isObject(value) ? value : {};
  if ((test.required ?? []).some((name) => object[name] === undefined)) return false;
  return Object.entries(test.properties ?? {}).every(([name, field]) => {
    const at = object[name];
    if (at === undefined) return true;
    const is = (other: Json) => JSON.stringify(other) === JSON.stringify(at);
    return (field.const === undefined || is(field.const)) && (!field.enum || field.enum.some(is));
  });
}

/** What a form starts with. Undefined where there is nothing sensible. */
export function defaultOf(schema: JsonSchema, root: JsonSchema, depth = 0): Json | undefined {
  const resolved = resolve(schema, root);
  if (resolved.default !== undefined) return structuredClone(resolved.default);
  if (resolved.const !== undefined) return resolved.const;
  if (depth > 8) return undefined;
  switch (shapeOf(resolved, root)) {
    case "object": {
      const made: JsonObject = {};
      for (const [name, field] of fieldsOf(resolved)) {
        const value = defaultOf(field, root, depth + 1);
        if (value !== undefined) made[name] = value;
      }
      return made;
    }
    case "variants": {
      const first = (resolved.oneOf ?? resolved.anyOf)?.[0];
      return first ? defaultOf(first, root, depth + 1) : undefined;
    }
    case "list":
    case "texts":
    case "choices":
      return [];
    case "boolean":
      return false;
    default:
      return undefined;
  }
}

/** Which of the variants the value is: the first whose constants it has. */
export function variantOf(schema: JsonSchema, value: Json | undefined, root: JsonSchema): number {
  const options = schema.oneOf ?? schema.anyOf ?? [];
  const object = isObject(value) ? value : {};
  const fits = options.findIndex((option) => {
    const resolved = resolve(option, root);
    return Object.entries(resolved.properties ?? {}).every(([name, field]) => {
      const constant = resolve(field, root).const;
      return constant === undefined || JSON.stringify(object[name]) === JSON.stringify(constant);
    });
  });
  return fits === -1 ? 0 : fits;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
