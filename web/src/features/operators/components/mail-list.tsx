import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Mails } from "lucide-react";
import { useState } from "react";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { QueryState } from "@/components/query-state";
import { RelativeTime } from "@/components/relative-time";
import { ShowOlder } from "@/components/show-older";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Dialog, DialogBody, DialogContent } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toaster";
import { mailQuery, mailsQuery, useRetryMail } from "@/features/operators/api/get-mails";
import { MAIL_STATES, type MailFilter } from "@/features/operators/filter";
import { MAILS } from "@/features/operators/words";
import type { MailSummary } from "@/lib/api-types";
import { humanize, plural } from "@/lib/format";

interface MailListProps {
  filter: MailFilter;
  onFilter: (filter: MailFilter) => void;
}

/** The outbox: what waits, and what became of the mails of the last week. */
export function MailList({ filter, onFilter }: MailListProps) {
  const query = useInfiniteQuery(mailsQuery(filter));
  const [shown, setShown] = useState<MailSummary | null>(null);
  const mails = query.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = Object.keys(filter).length > 0;
  return (
    <Card>
      <Filters filter={filter} onFilter={onFilter} />
      {query.isPending ? (
        <div aria-busy="true" className="grid gap-2 p-4">
          <Skeleton className="h-14" />
          <Skeleton className="h-14" />
        </div>
      ) : query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} className="m-4" />
      ) : mails.length === 0 ? (
        <EmptyState
          icon={Mails}
          title={filtered ? "No mail fits these filters" : "No mails yet"}
          action={
            filtered && (
              <Button variant="outline" size="sm" onClick={() => onFilter({})}>
                Clear the filters
              </Button>
            )
          }
        >
          Mails to people stand here for a week after they were sent or given up.
        </EmptyState>
      ) : (
        <ul className="divide-y" aria-label="Mails">
          {mails.map((mail) => (
            <MailRow key={mail.id} mail={mail} onShow={() => setShown(mail)} />
          ))}
        </ul>
      )}
      <ShowOlder pages={query} />
      <Dialog open={shown !== null} onOpenChange={(open) => !open && setShown(null)}>
        {shown && (
          <DialogContent title={humanize(shown.kind)} description={`To ${shown.to}`}>
            <DialogBody>
              <MailText id={shown.id} />
            </DialogBody>
          </DialogContent>
        )}
      </Dialog>
    </Card>
  );
}

function MailRow({ mail, onShow }: { mail: MailSummary; onShow: () => void }) {
  const retry = useRetryMail();
  const state = MAILS[mail.state];
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-5 py-3" data-testid="mail">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
          {humanize(mail.kind)}
          <Badge tone={state.tone}>{state.label}</Badge>
        </p>
        <p className="text-xs break-words text-muted-foreground">
          {mail.to} · <RelativeTime time={mail.created_at} /> · tried {plural(mail.attempts, "time")}
        </p>
        {mail.trouble && <p className="text-xs break-words text-danger">{mail.trouble}</p>}
      </div>
      <div className="flex gap-2">
        {mail.state === "failed" && (
          <Button
            variant="outline"
            size="sm"
            pending={retry.isPending}
            onClick={() =>
              retry.mutate(mail.id, {
                onSuccess: () => toast.success("It waits to be sent"),
                onError: (error) => toast.error("It can not be tried again", error.message),
              })
            }
          >
            Try again
          </Button>
        )}
        <Button
          variant="ghost"
          size="sm"
          aria-label={`Show ${humanize(mail.kind)} to ${mail.to}`}
          onClick={onShow}
        >
          Show
        </Button>
      </div>
    </li>
  );
}

function MailText({ id }: { id: string }) {
  const query = useQuery(mailQuery(id));
  return (
    <QueryState query={query} skeleton={<Skeleton className="h-40" />}>
      {({ subject, text }) =>
        text === null ? (
          <p className="text-sm text-muted-foreground">
            What it says is not shown: this server sends its mails, and a link in one is for nobody but its
            reader; or it is no longer kept.
          </p>
        ) : (
          <article className="grid gap-3">
            <h3 className="text-sm font-semibold">{subject}</h3>
            <pre className="text-[0.8125rem] break-words whitespace-pre-wrap">{text}</pre>
          </article>
        )
      }
    </QueryState>
  );
}

function Filters({ filter, onFilter }: MailListProps) {
  const [to, setTo] = useState(filter.to ?? "");
  const change = (part: MailFilter) => {
    const wanted = { ...filter, ...part };
    onFilter(Object.fromEntries(Object.entries(wanted).filter(([, value]) => value)));
  };
  return (
    <form
      role="search"
      className="flex flex-wrap gap-2 border-b p-3"
      onSubmit={(event) => {
        event.preventDefault();
        change({ to: to.trim() });
      }}
    >
      <Input
        type="search"
        aria-label="Address"
        placeholder="Address"
        className="w-64 max-sm:w-full"
        maxLength={100}
        value={to}
        onChange={(event) => setTo(event.target.value)}
        onBlur={() => to.trim() !== (filter.to ?? "") && change({ to: to.trim() })}
      />
      <Select
        aria-label="State"
        className="w-36 max-sm:flex-1"
        value={filter.state ?? ""}
        onChange={(event) => change({ state: event.target.value as MailFilter["state"] })}
      >
        <option value="">All states</option>
        {MAIL_STATES.map((state) => (
          <option key={state} value={state}>
            {MAILS[state].label}
          </option>
        ))}
      </Select>
    </form>
  );
}
