import type { ReactNode } from "react";
import { JsonView } from "@/components/json-view";
import type { AuditEntry } from "@/lib/api-types";
import { formatDateTime } from "@/lib/format";

/** All that the log keeps of an entry, in the words of the API: for who compares it with something else. */
export function AuditDetail({ entry, id }: { entry: AuditEntry; id: string }) {
  const { actor, target } = entry;
  return (
    <div id={id} data-testid="audit-detail" className="mt-2 grid gap-3 rounded-lg bg-muted/60 p-3">
      <dl className="grid grid-cols-[auto_1fr] gap-x-5 gap-y-1 text-[0.8125rem]">
        <Pair name="When">{formatDateTime(entry.at)}</Pair>
        <Pair name="Action">
          <code className="text-xs">{entry.action}</code>
        </Pair>
        <Pair name="Who">
          <Reference of={actor} />
        </Pair>
        <Pair name="On what">
          <Reference of={target} />
        </Pair>
        {entry.address && <Pair name="From">{entry.address}</Pair>}
        {entry.request_id && (
          <Pair name="Request">
            <code className="text-xs break-all select-all">{entry.request_id}</code>
          </Pair>
        )}
      </dl>
      {Object.keys(entry.detail).length > 0 && <JsonView value={entry.detail} />}
    </div>
  );
}

function Pair({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted-foreground">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

/** A name, what kind of thing has it, and its id, by which it is known after a change of the name. */
function Reference({ of: { kind, id, name } }: { of: AuditEntry["actor"] | AuditEntry["target"] }) {
  return (
    <>
      {name} <span className="text-muted-foreground">({kind})</span>
      {id && id !== name && (
        <code className="block text-xs break-all text-muted-foreground select-all">{id}</code>
      )}
    </>
  );
}
