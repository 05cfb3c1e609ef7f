import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";

interface NextPage {
  error: unknown;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  isFetchNextPageError: boolean;
  fetchNextPage: () => Promise<unknown>;
}

/** The foot of a list that begins with the newest: asks for the page after, while there is one. */
export function ShowOlder({ pages }: { pages: NextPage }) {
  if (!pages.hasNextPage) return null;
  if (pages.isFetchNextPageError && !pages.isFetchingNextPage) {
    return (
      <div className="border-t p-4">
        <ErrorState error={pages.error} onRetry={() => void pages.fetchNextPage()} />
      </div>
    );
  }
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
