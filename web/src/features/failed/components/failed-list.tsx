import { useInfiniteQuery } from "@tanstack/react-query";
import { CircleCheckBig } from "lucide-react";
import { useRef, useState } from "react";
import { useDeadLetterCount, type DeadLetterFilter } from "@/api/get-dead-letter-count";
import { ErrorState } from "@/components/error-state";
import { FilteredList } from "@/components/filtered-list";
import { ManagersOnly } from "@/components/managers-only";
import { useDecideMany } from "@/features/failed/api/decide-many";
import { deadLettersQuery, MOST_AT_ONCE } from "@/features/failed/api/get-dead-letters";
import { DecideDialog } from "@/features/failed/components/decide-dialog";
import { FailedFilters } from "@/features/failed/components/failed-filters";
import { FailedRows, FailedRowsSkeleton } from "@/features/failed/components/failed-rows";
import { ManyOutcome } from "@/features/failed/components/many-outcome";
import { SelectionBar, type Decision } from "@/features/failed/components/selection-bar";
import type { ManyResult } from "@/features/failed/many";

interface FailedListProps {
  filter: DeadLetterFilter;
  onFilter: (filter: DeadLetterFilter) => void;
}

/** What failed for good, with filters, page by page; any of it is run again or discarded. */
export function FailedList({ filter, onFilter }: FailedListProps) {
  const query = useInfiniteQuery(deadLettersQuery(filter));
  const count = useDeadLetterCount(filter).data;
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const [everything, setEverything] = useState(false);
  const [asked, setAsked] = useState<{ decision: Decision; open: boolean }>({
    decision: "retry",
    open: false,
  });
  const told = useRef<HTMLElement>(null);
  const ended = useRef(false);
  const [outcome, setOutcome] = useState<{ decision: Decision; result: ManyResult } | null>(null);
  const decide = useDecideMany();

  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  // What is no longer there, because someone decided on it, is no longer chosen either.
  const chosen = items.filter((item) => everything || marked.has(item.id));
  const number = everything && count ? count.count : chosen.length;

  function choose(ids: Iterable<string>) {
    setEverything(false);
    setMarked(new Set(ids));
  }

  function narrow(next: DeadLetterFilter) {
    choose([]);
    onFilter(next);
  }

  async function confirm() {
    const { decision } = asked;
    const result = await decide.mutateAsync({
      decision,
      chosen: everything ? { filter } : { letters: chosen },
    });
    setOutcome({ decision, result });
    ended.current = true;
    // Those that were refused stay chosen: what is in their way can be mended, and then they are tried again.
    choose(result.refused.map(({ letter }) => letter.id));
  }

  return (
    <>
      {outcome && <ManyOutcome ref={told} {...outcome} onDismiss={() => setOutcome(null)} />}
      <FilteredList
        query={query}
        filter={filter}
        onFilter={narrow}
        filters={<FailedFilters filter={filter} onFilter={narrow} items={items} />}
        skeleton={<FailedRowsSkeleton />}
        empty={{
          icon: CircleCheckBig,
          title: "Nothing waits for you",
          text: "All is well. What 2Bot tried and had to give up stands here: a plugin’s run that failed, an answer that could not be sent, or a message that was not understood. You then run it again, or let it be.",
        }}
        unfit={{ text: "Other things may have failed, or for other reasons." }}
      >
        {() => (
          <>
            <ManagersOnly>
              <SelectionBar
                shown={items.length}
                chosen={chosen.length}
                count={count}
                everything={everything}
                onAll={(all) => choose(all ? items.map((item) => item.id) : [])}
                onEverything={(all) => {
                  choose(items.map((item) => item.id));
                  setEverything(all);
                }}
                onDecide={(decision) => {
                  decide.reset();
                  ended.current = false;
                  setAsked({ decision, open: true });
                }}
              />
            </ManagersOnly>
            <FailedRows
              items={items}
              selected={new Set(chosen.map((item) => item.id))}
              disabled={decide.isPending}
              onSelect={(id, selected) => {
                const ids = new Set(chosen.map((item) => item.id));
                if (selected) ids.add(id);
                else ids.delete(id);
                choose(ids);
              }}
            />
          </>
        )}
      </FilteredList>
      <DecideDialog
        open={asked.open}
        decision={asked.decision}
        count={asked.decision === "retry" ? Math.min(number, MOST_AT_ONCE) : number}
        atLeast={everything && Boolean(count?.more)}
        through={decide.isPending ? decide.through : null}
        error={decide.error && <ErrorState error={decide.error} />}
        onClose={() => setAsked({ ...asked, open: false })}
        onConfirm={confirm}
        focusAfter={() => (ended.current ? told.current : null)}
      />
    </>
  );
}
