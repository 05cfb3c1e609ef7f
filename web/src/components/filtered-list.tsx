import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { EmptyState } from "@/components/empty-state";
import { PagedList, type Pages } from "@/components/paged-list";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { isNarrowed } from "@/lib/filter";

interface FilteredListProps<Item, Filter extends object> {
  query: Pages<Item>;
  filter: Filter;
  /** Called with the empty filter where one wants to see everything. */
  onFilter: (filter: Filter) => void;
  /** What narrows the list, over it. */
  filters: ReactNode;
  /** Shown while nothing is there yet. */
  skeleton: ReactNode;
  /** What is said where there is nothing at all: why, and what makes it fill. */
  empty: { icon: LucideIcon; title: string; text: ReactNode };
  /** What is said where the filters leave nothing. */
  unfit: { title?: string; text: ReactNode };
  /** Shows the items, of which there is one or more. */
  children: (items: Item[]) => ReactNode;
}

/** A paged list in a card, with filters over it. */
export function FilteredList<Item, Filter extends object>({
  query,
  filter,
  onFilter,
  filters,
  skeleton,
  empty,
  unfit,
  children,
}: FilteredListProps<Item, Filter>) {
  const nothing = isNarrowed(filter) ? (
    <EmptyState
      icon={empty.icon}
      title={unfit.title ?? "Nothing fits these filters"}
      action={
        <Button variant="outline" size="sm" onClick={() => onFilter({} as Filter)}>
          Clear the filters
        </Button>
      }
    >
      {unfit.text}
    </EmptyState>
  ) : (
    <EmptyState icon={empty.icon} title={empty.title}>
      {empty.text}
    </EmptyState>
  );
  return (
    <Card>
      {filters}
      <PagedList query={query} skeleton={skeleton} empty={nothing}>
        {children}
      </PagedList>
    </Card>
  );
}
