import { ScrollText } from "lucide-react";
import type { ReactNode } from "react";
import { Card, CardHeader } from "@/components/ui/card";
import type { ExecutionLog } from "@/lib/api-types";
import { formatInstant } from "@/lib/format";
import { cn } from "@/lib/utils";

const LEVELS: Record<string, string> = {
  error: "text-danger",
  warn: "text-warning",
  info: "text-brand",
};

interface LogCardProps {
  logs: ExecutionLog[];
  title?: string;
  description?: string;
}

/** What a plugin wrote down while it ran. */
export function LogCard({
  logs,
  title = "Log",
  description = "What the plugin wrote down while it ran",
}: LogCardProps) {
  return (
    <Card>
      <CardHeader title={title} description={description} />
      {logs.length === 0 ? (
        <NothingHere icon={<ScrollText className="size-4" />}>It wrote nothing down.</NothingHere>
      ) : (
        <LogLines logs={logs} className="border-t px-5 py-3" />
      )}
    </Card>
  );
}

/** The lines alone, to be scrolled sideways where they are long. */
export function LogLines({ logs, className }: { logs: ExecutionLog[]; className?: string }) {
  return (
    <ol
      className={cn("overflow-x-auto font-mono text-xs leading-6", className)}
      tabIndex={0}
      aria-label="Log lines"
    >
      {logs.map((line, index) => (
        <li key={index} className="flex gap-3">
          <time dateTime={line.at} className="shrink-0 text-muted-foreground">
            {formatInstant(line.at)}
          </time>
          <span className={cn("w-10 shrink-0 uppercase", LEVELS[line.level] ?? "text-muted-foreground")}>
            {line.level}
          </span>
          <span className="whitespace-pre-wrap">
            {line.message}
            {Object.entries(line.fields).map(([name, value]) => (
              <span key={name} className="text-muted-foreground">
                {" "}
                {name}={value}
              </span>
            ))}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** Says that a part of a page has nothing to show. */
export function NothingHere({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <p className="flex items-center gap-2 px-5 pb-5 text-sm text-muted-foreground">
      {icon}
      {children}
    </p>
  );
}
