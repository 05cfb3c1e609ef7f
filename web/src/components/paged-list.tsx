import type { ReactNode } from "react";
import { QueryState } from "@/components/query-state";
import { ShowOlder } from "@/components/show-older";

/** A list that is loaded page by page, from the newest on. */
export interface Pages<Item> {
  data: { pages: { items: Item[] }[] } | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  isFetchNextPageError: boolean;
  fetchNextPage: () => Promise<unknown>;
}

interface PagedListProps<Item> {
  query: Pages<Item>;
  /** Shown while nothing is there yet. */
  skeleton: ReactNode;
  /** Shown where there is nothing: why, and what to do. */
  empty: ReactNode;
  /** Shows the items, of which there is one or more. */
  children: (items: Item[]) => ReactNode;
}

/** A list with the way to its next page under it, and what stands there while, if or when there is nothing to list. */
export function PagedList<Item>({ query, skeleton, empty, children }: PagedListProps<Item>) {
  return (
    <>
      <QueryState query={query} skeleton={skeleton} errorClassName="m-4">
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return items.length > 0 ? children(items) : empty;
        }}
      </QueryState>
      <ShowOlder pages={query} />
    </>
  );
}
