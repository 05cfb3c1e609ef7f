import { Button } from "@/components/ui/button";

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
}

/** The foot of a list that begins with the newest: asks for the page after, while there is one. */
export function ShowOlder({ pages }: { pages: Pages }) {
  if (!pages.hasNextPage) return null;
  return (
    <div className="border-t p-3 text-center">
      <Button
        variant="ghost"
        size="sm"
        pending={pages.isFetchingNextPage}
        onClick={() => void pages.fetchNextPage()}
      >
        Show older
      </Button>
    </div>
  );
}
