import type { ReactNode } from "react";
import { Td, Th, Table } from "@/components/ui/table";
import type { Json, JsonObject } from "@/lib/api-types";
import { formatNumber, humanize } from "@/lib/format";

/** Any JSON, as people read it: objects as pairs, lists of objects as tables. */
export function JsonView({ value }: { value: Json }) {
  if (Array.isArray(value)) return <ListView items={value} />;
  if (isObject(value)) return <ObjectView object={value} />;
  return <Scalar value={value} />;
}

function ObjectView({ object }: { object: JsonObject }) {
  const entries = Object.entries(object);
  if (entries.length === 0) return <span className="text-sm text-muted-foreground">Nothing</span>;
  const isShort = (value: Json) => typeof value !== "object" || value === null;
  const short = entries.filter(([, value]) => isShort(value));
  const long = entries.filter(([, value]) => !isShort(value));
  return (
    <div className="grid min-w-0 gap-4">
      {short.length > 0 && (
        <dl className="grid grid-cols-[minmax(6rem,auto)_1fr] gap-x-6 gap-y-1 text-sm">
          {short.map(([name, value]) => (
            <Pair key={name} name={name}>
              <Scalar value={value} />
            </Pair>
          ))}
        </dl>
      )}
      {long.map(([name, value]) => (
        <section key={name} className="min-w-0">
          <h4 className="mb-1 text-xs font-medium text-muted-foreground">{humanize(name)}</h4>
          <JsonView value={value} />
        </section>
      ))}
    </div>
  );
}

function Pair({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted-foreground">{humanize(name)}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

function ListView({ items }: { items: Json[] }) {
  if (items.length === 0) return <span className="text-sm text-muted-foreground">None</span>;
  if (!items.every(isObject)) {
    return (
      <p className="text-sm">
        {items.map((item, index) => (
          <span key={index}>
            {index > 0 && ", "}
            <Scalar value={item} />
          </span>
        ))}
      </p>
    );
  }
  const columns = [...new Set(items.flatMap((item) => Object.keys(item)))];
  return (
    <div className="overflow-hidden rounded-lg border">
      <Table>
        <thead>
          <tr>
            {columns.map((column) => (
              <Th key={column} className="px-3">
                {humanize(column)}
              </Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item, index) => (
            <tr key={index}>
              {columns.map((column) => (
                <Td key={column} className="px-3 py-1.5 tabular-nums">
                  <Scalar value={item[column] ?? null} />
                </Td>
              ))}
            </tr>
          ))}
        </tbody>
      </Table>
    </div>
  );
}

function Scalar({ value }: { value: Json }) {
  if (typeof value === "object" && value !== null)
    return <code className="text-xs">{JSON.stringify(value)}</code>;
  if (value === null || value === "") return <span className="text-muted-foreground">–</span>;
  if (typeof value === "number") return <span className="tabular-nums">{formatNumber(value)}</span>;
  if (typeof value === "boolean") return <>{value ? "Yes" : "No"}</>;
  return <span className="whitespace-pre-wrap">{value}</span>;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
