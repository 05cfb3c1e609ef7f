import { Link } from "@tanstack/react-router";
import { ChevronDown } from "lucide-react";
import { useId, useState } from "react";
import { useInstalls } from "@/api/get-installs";
import { RelativeTime } from "@/components/relative-time";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { AuditDetail } from "@/features/audit-log/components/audit-detail";
import { auditSentence, OUTCOMES } from "@/features/audit-log/words";
import type { AuditEntry } from "@/lib/api-types";
import { cn } from "@/lib/utils";

/** What was done, one a line. */
export function AuditRows({ entries }: { entries: AuditEntry[] }) {
  const installs = useInstalls();
  // The log names plugins by their slugs; those that are still here have better names.
  const names = new Map(installs.data?.map(({ id, plugin }) => [id, plugin.name]));
  return (
    <ul className="divide-y">
      {entries.map((entry) => (
        <AuditRow
          key={entry.id}
          entry={entry}
          plugin={entry.actor.kind === "plugin" ? names.get(entry.actor.id ?? "") : undefined}
        />
      ))}
    </ul>
  );
}

/** One of it. A click shows all that is kept of it. */
function AuditRow({ entry, plugin }: { entry: AuditEntry; plugin: string | undefined }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const { who, did, what, more } = auditSentence(entry);
  const { label, tone } = OUTCOMES[entry.outcome];
  return (
    <li data-testid="audit-entry" data-action={entry.action} className="px-5 py-2.5">
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <p className="text-sm break-words">
            <span className="font-medium">{plugin ?? who}</span>{" "}
            <span className="text-muted-foreground">{did}</span> <span className="font-medium">{what}</span>
          </p>
          <AuditMore entry={entry} more={more} />
        </div>
        <span className="flex shrink-0 items-center gap-3 pt-0.5 max-sm:flex-col-reverse max-sm:items-end max-sm:gap-1">
          <RelativeTime
            time={entry.at}
            className="text-right text-xs text-muted-foreground sm:order-last sm:w-24"
          />
          {entry.outcome !== "success" && (
            <Badge tone={tone} dot>
              {label}
            </Badge>
          )}
        </span>
        <Button
          variant="ghost"
          size="icon-sm"
          className="-my-0.5 -mr-2 text-muted-foreground"
          aria-expanded={open}
          aria-controls={open ? id : undefined}
          aria-label={`Details: ${[plugin ?? who, did, what].filter(Boolean).join(" ")}`}
          onClick={() => setOpen(!open)}
        >
          <ChevronDown className={cn("transition-transform", open && "rotate-180")} />
        </Button>
      </div>
      {open && <AuditDetail id={id} entry={entry} />}
    </li>
  );
}

function AuditMore({ entry, more }: { entry: AuditEntry; more: string }) {
  const { execution } = entry.detail;
  const address = entry.address && `from ${entry.address}`;
  if (!more && !address && typeof execution !== "string") return null;
  return (
    <p className="text-[0.8125rem] break-words text-muted-foreground">
      {[more, address].filter(Boolean).join(" · ")}
      {typeof execution === "string" && (
        <>
          {(more || address) && " · "}
          <Link
            to="/activity/$executionId"
            params={{ executionId: execution }}
            className="text-primary underline underline-offset-2"
          >
            see the run
          </Link>
        </>
      )}
    </p>
  );
}

export function AuditRowsSkeleton({ rows = 8 }: { rows?: number }) {
  return (
    <div className="divide-y">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex items-center gap-4 px-5 py-3.5">
          <Skeleton className="h-4 w-64 max-w-[60%]" />
          <Skeleton className="ml-auto h-4 w-20" />
        </div>
      ))}
    </div>
  );
}
