import { CircleAlert, CircleCheck, GitCompareArrows } from "lucide-react";
import type { ReactNode } from "react";
import { JsonView } from "@/components/json-view";
import { LogLines } from "@/components/log-card";
import { Badge, type BadgeTone } from "@/components/ui/badge";
import { CALL_ANSWERS, DEED_KINDS, differenceTitle, ENDINGS } from "@/features/activity/replay-words";
import type { Deed, Difference, Ending, Replay } from "@/lib/api-types";
import { capabilityWords } from "@/lib/capability-words";
import { formatBytes, formatCompact, humanize, plural } from "@/lib/format";
import { cn } from "@/lib/utils";

/** What a replay came to: whether it went as it did then, what is missing, and what it said and would have done. */
export function ReplayResult({ replay }: { replay: Replay }) {
  const { differences, not_reproduced, recorded, replayed } = replay;
  const same = differences.length === 0;
  const otherVersion = replay.digest !== replay.recorded_digest;
  return (
    <div className="grid gap-4 border-t pt-4" data-testid="replay-result" data-same={same}>
      <p
        className={cn(
          "flex items-start gap-2.5 rounded-xl border p-3.5 text-sm",
          same ? "border-success/25 bg-success-soft" : "border-warning/30 bg-warning-soft",
        )}
      >
        {same ? (
          <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-success" />
        ) : (
          <GitCompareArrows aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
        )}
        <span className="min-w-0">
          <span className="font-medium">
            {same
              ? "It did the same as then."
              : `It differs from then in ${plural(differences.length, "place")}.`}
          </span>{" "}
          <span className="text-muted-foreground">
            Version {replay.version} ran{otherVersion ? ", which is another than then" : ", as it did then"}.
          </span>
        </span>
      </p>
      <dl className="grid gap-2 sm:grid-cols-2">
        <Ended title="Then" ending={recorded} />
        <Ended title="In the replay" ending={replayed} />
      </dl>
      {not_reproduced.length > 0 && (
        <Part title="Not as it was then">
          <ul className="grid gap-1 text-sm">
            {not_reproduced.map((note) => (
              <li key={note} className="flex gap-2">
                <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
                <span className="min-w-0 break-words">{note}</span>
              </li>
            ))}
          </ul>
        </Part>
      )}
      {differences.length > 0 && (
        <Part title="Differences">
          <ul className="divide-y rounded-lg border">
            {differences.map((difference, index) => (
              <DifferenceRow key={index} difference={difference} />
            ))}
          </ul>
        </Part>
      )}
      {replay.denied.length > 0 && (
        <Part title="What it was not allowed">
          <p className="text-sm">{replay.denied.map((one) => capabilityWords(one).title).join(", ")}</p>
        </Part>
      )}
      <Part title="Log of the replay">
        {replay.logs.length === 0 ? (
          <Nothing>It wrote nothing down.</Nothing>
        ) : (
          <LogLines logs={replay.logs} className="rounded-lg border bg-muted/40 px-3 py-2" />
        )}
      </Part>
      <Part title="What it would have done">
        {replay.would_do.length === 0 ? <Nothing>Nothing.</Nothing> : <Deeds deeds={replay.would_do} />}
      </Part>
      {replay.calls.length > 0 && (
        <Part title="What it asked for">
          <ol className="divide-y rounded-lg border text-sm">
            {replay.calls.map((call, index) => (
              <li key={index} className="grid gap-1 px-3 py-2">
                <JsonView value={call.request} />
                <p className="text-xs text-muted-foreground">
                  {CALL_ANSWERS[call.answer] ?? humanize(call.answer)}
                </p>
              </li>
            ))}
          </ol>
        </Part>
      )}
      {replay.output !== null && (
        <Part title="Its answer">
          <JsonView value={replay.output} />
        </Part>
      )}
      <p className="text-xs text-muted-foreground">
        The replay used {formatCompact(replay.fuel)} fuel and {formatBytes(replay.peak_memory_bytes)} of
        memory. Nobody is billed for it.
      </p>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="grid min-w-0 gap-1.5">
      <h3 className="text-[0.8125rem] font-semibold">{title}</h3>
      {children}
    </section>
  );
}

function Nothing({ children }: { children: ReactNode }) {
  return <p className="text-sm text-muted-foreground">{children}</p>;
}

const TONES: Record<string, BadgeTone> = { succeeded: "success", failed: "danger", try_again: "warning" };

function Ended({ title, ending }: { title: string; ending: Ending }) {
  return (
    <div className="min-w-0 rounded-lg border px-3 py-2">
      <dt className="text-xs text-muted-foreground">{title}</dt>
      <dd className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-sm">
        <Badge tone={TONES[ending.state]} dot>
          {ENDINGS[ending.state] ?? humanize(ending.state)}
        </Badge>
        {ending.state !== "succeeded" && ending.trouble && (
          <span className="min-w-0 break-words">{ending.trouble.title}</span>
        )}
      </dd>
    </div>
  );
}

function DifferenceRow({ difference }: { difference: Difference }) {
  const { recorded, replayed } = difference;
  return (
    <li className="grid gap-1.5 px-3 py-2.5 text-sm">
      <p className="font-medium break-words">{differenceTitle(difference)}</p>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-[0.8125rem]">
        <dt className="text-muted-foreground">Then</dt>
        <dd className="min-w-0 break-words">{recorded ?? <Nothing>nothing</Nothing>}</dd>
        <dt className="text-muted-foreground">Now</dt>
        <dd className="min-w-0 break-words">{replayed ?? <Nothing>nothing</Nothing>}</dd>
      </dl>
    </li>
  );
}

function Deeds({ deeds }: { deeds: Deed[] }) {
  return (
    <ul className="divide-y rounded-lg border text-sm">
      {deeds.map((deed, index) => (
        <li key={index} className="grid gap-0.5 px-3 py-2">
          <p className="flex flex-wrap items-baseline gap-x-2">
            <span className="font-medium">{DEED_KINDS[deed.kind] ?? humanize(deed.kind)}</span>
            <span className="min-w-0 break-all text-muted-foreground">
              {humanize(deed.what)} · {deed.to}
            </span>
          </p>
          {deed.content && <code className="text-xs break-all text-muted-foreground">{deed.content}</code>}
        </li>
      ))}
    </ul>
  );
}
