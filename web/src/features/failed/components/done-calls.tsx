import { Check, CircleHelp } from "lucide-react";
import { Card, CardHeader } from "@/components/ui/card";
import type { Json, JournalCall } from "@/lib/api-types";
import { humanize } from "@/lib/format";

/** The calls that a failed run had made. Those that were answered are not made again. */
export function DoneCalls({ calls }: { calls: JournalCall[] }) {
  if (calls.length === 0) return null;
  return (
    <Card>
      <CardHeader
        title="What it had asked for"
        description="What was answered is not asked again when this is run again"
      />
      <ol className="divide-y border-t">
        {calls.map((call, index) => (
          <li key={index} className="grid gap-1 px-5 py-3 text-sm">
            <p className="flex items-center gap-2">
              {call.is_answered ? (
                <Check aria-hidden className="size-4 shrink-0 text-success" />
              ) : (
                <CircleHelp aria-hidden className="size-4 shrink-0 text-warning" />
              )}
              <span className="min-w-0 flex-1 truncate font-medium">{requestTitle(call.request)}</span>
              <span className="text-xs text-muted-foreground">
                {call.is_answered ? "Answered" : "No answer"}
              </span>
            </p>
            <details className="text-xs text-muted-foreground">
              <summary className="w-fit cursor-pointer hover:text-foreground">Show it</summary>
              <pre
                tabIndex={0}
                aria-label={`${requestTitle(call.request)}: request and answer`}
                className="mt-1 max-h-72 overflow-auto rounded-lg border bg-muted/50 p-3 font-mono leading-5 text-foreground"
              >
                {JSON.stringify(call.request, null, 2)}
                {call.answer !== null && `\n\n→ ${JSON.stringify(call.answer, null, 2)}`}
              </pre>
            </details>
          </li>
        ))}
      </ol>
    </Card>
  );
}

/** A request is an object with one member, whose name says what is asked for. */
function requestTitle(request: Json): string {
  const name =
    typeof request === "object" && request !== null && !Array.isArray(request) ? Object.keys(request)[0] : "";
  return humanize(name ?? "") || "A call";
}
