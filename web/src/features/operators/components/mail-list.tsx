import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Mails } from "lucide-react";
import { useState } from "react";
import { FilteredList } from "@/components/filtered-list";
import { FilterBar, FilterSelect, FilterText } from "@/components/filters";
import { QueryState } from "@/components/query-state";
import { RelativeTime } from "@/components/relative-time";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogContent } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toaster";
import { mailQuery, mailsQuery, useRetryMail } from "@/features/operators/api/get-mails";
import { OperatorRowsSkeleton } from "@/features/operators/components/operator-rows-skeleton";
import { MAIL_STATES, type MailFilter } from "@/features/operators/filter";
import { MAILS } from "@/features/operators/words";
import type { MailSummary } from "@/lib/api-types";
import { withParts } from "@/lib/filter";
import { humanize, plural } from "@/lib/format";

interface MailListProps {
  filter: MailFilter;
  onFilter: (filter: MailFilter) => void;
}

/** The outbox: what waits, and what became of the mails of the last week. */
export function MailList({ filter, onFilter }: MailListProps) {
  const [shown, setShown] = useState<MailSummary | null>(null);
  const kept = "Mails to people stand here for a week after they were sent or given up.";
  return (
    <>
      <FilteredList
        query={useInfiniteQuery(mailsQuery(filter))}
        filter={filter}
        onFilter={onFilter}
        filters={<MailFilters filter={filter} onFilter={onFilter} />}
        skeleton={<OperatorRowsSkeleton />}
        empty={{ icon: Mails, title: "No mails yet", text: kept }}
        unfit={{ title: "No mail fits these filters", text: `An address is found as a whole. ${kept}` }}
      >
        {(mails) => (
          <ul className="divide-y" aria-label="Mails">
            {mails.map((mail) => (
              <MailRow key={mail.id} mail={mail} onShow={() => setShown(mail)} />
            ))}
          </ul>
        )}
      </FilteredList>
      <Dialog open={shown !== null} onOpenChange={(open) => !open && setShown(null)}>
        {shown && (
          <DialogContent title={humanize(shown.kind)} description={`To ${shown.to}`}>
            <DialogBody>
              <MailText id={shown.id} />
            </DialogBody>
          </DialogContent>
        )}
      </Dialog>
    </>
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

function MailFilters({ filter, onFilter }: MailListProps) {
  const change = (part: MailFilter) => onFilter(withParts(filter, part));
  return (
    <FilterBar>
      <FilterText label="Address" value={filter.to} onChange={(to) => change({ to })} />
      <FilterSelect
        label="State"
        all="All states"
        value={filter.state}
        onChange={(state) => change({ state: state as MailFilter["state"] })}
        options={MAIL_STATES.map((state) => [state, MAILS[state].label])}
      />
    </FilterBar>
  );
}
