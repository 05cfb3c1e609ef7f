import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { ObjectFields, type FormContext } from "@/components/schema-form/object-fields";
import { defaultOf, isObject, resolve, shapeOf } from "@/components/schema-form/schema";
import { SchemaField } from "@/components/schema-form/schema-field";
import { join } from "@/components/schema-form/validate";
import { Button } from "@/components/ui/button";
import { FieldError } from "@/components/ui/field";
import type { Json, JsonSchema } from "@/lib/api-types";
import { humanize } from "@/lib/format";

interface ListFieldProps {
  context: FormContext;
  schema: JsonSchema;
  label: string;
  error?: string;
  value: Json[];
  path: string;
  onChange: (value: Json[]) => void;
}

/** A list of objects, such as rules: add, remove, and move, since the first that fits often wins. */
export function ListField({ context, schema, label, error, value, path, onChange }: ListFieldProps) {
  const item = typeof schema.items === "object" ? resolve(schema.items, context.root) : {};
  const isPlainObject = shapeOf(item, context.root) === "object";
  const noun = item.title ?? singular(label);
  const full = value.length >= (schema.maxItems ?? Infinity);

  const replace = (index: number, next: Json) =>
    onChange(value.map((old, at) => (at === index ? next : old)));
  const move = (index: number, to: number) => {
    const next = [...value];
    const [moved] = next.splice(index, 1);
    if (moved !== undefined) next.splice(to, 0, moved);
    onChange(next);
  };

  return (
    <fieldset className="grid gap-3">
      <legend className="mb-1.5 text-[0.8125rem] font-medium">{label}</legend>
      {schema.description && <p className="-mt-2 text-xs text-muted-foreground">{schema.description}</p>}
      {value.map((entry, index) => {
        const at = join(path, String(index));
        const title = `${noun} ${index + 1}`;
        return (
          <section key={index} aria-label={title} className="rounded-xl border bg-background/60">
            <header className="flex items-center gap-0.5 border-b py-1 pr-1 pl-4">
              <h4 className="min-w-0 flex-1 truncate text-[0.8125rem] font-medium">
                {title}
                <span className="ml-2 font-normal text-muted-foreground">{gist(entry)}</span>
              </h4>
              <ItemButton
                label={`Move ${title} up`}
                disabled={index === 0}
                onClick={() => move(index, index - 1)}
              >
                <ArrowUp />
              </ItemButton>
              <ItemButton
                label={`Move ${title} down`}
                disabled={index === value.length - 1}
                onClick={() => move(index, index + 1)}
              >
                <ArrowDown />
              </ItemButton>
              <ItemButton
                label={`Remove ${title}`}
                disabled={value.length <= (schema.minItems ?? 0)}
                onClick={() => onChange(value.filter((_, other) => other !== index))}
              >
                <Trash2 />
              </ItemButton>
            </header>
            <div className="p-4">
              {isPlainObject ? (
                <ObjectFields
                  context={context}
                  schema={item}
                  value={isObject(entry) ? entry : {}}
                  path={at}
                  onChange={(next) => replace(index, next)}
                />
              ) : (
                <SchemaField
                  context={context}
                  name={title}
                  schema={item}
                  required
                  value={entry}
                  path={at}
                  onChange={(next) => replace(index, next ?? null)}
                />
              )}
              {context.errors[at] && <FieldError>{context.errors[at]}</FieldError>}
            </div>
          </section>
        );
      })}
      {error && <FieldError>{error}</FieldError>}
      <Button
        variant="outline"
        size="sm"
        className="justify-self-start"
        disabled={full}
        onClick={() => onChange([...value, defaultOf(item, context.root) ?? {}])}
      >
        <Plus /> Add {noun.toLowerCase()}
      </Button>
    </fieldset>
  );
}

interface ItemButtonProps {
  label: string;
  disabled: boolean;
  onClick: () => void;
  children: React.ReactNode;
}

function ItemButton({ label, disabled, onClick, children }: ItemButtonProps) {
  return (
    <Button
      variant="ghost"
      size="icon-sm"
      className="text-muted-foreground"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
    >
      {children}
    </Button>
  );
}

/** `Rules` is a list of one `Rule` each. */
function singular(label: string): string {
  return label.endsWith("s") && !label.endsWith("ss") ? label.slice(0, -1) : `${humanize(label)} entry`;
}

/** A few words by which people tell one entry from another: its first list of texts, or its first text. */
function gist(entry: Json): string {
  if (!isObject(entry)) return "";
  const values = Object.values(entry);
  const lists = values.filter(Array.isArray).map((list) => list.filter((item) => typeof item === "string"));
  const texts = values.filter((value) => typeof value === "string");
  const text = lists.find((list) => list.length > 0)?.join(", ") ?? texts.find((value) => value !== "") ?? "";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
