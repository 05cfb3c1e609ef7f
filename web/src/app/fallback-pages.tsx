import { Link, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { LogoMark } from "@/components/logo";
import { useTitle } from "@/components/page";
import { Button } from "@/components/ui/button";

/** While the page's own code or the session is being loaded. */
export function PendingPage() {
  return (
    <div className="grid min-h-[60dvh] place-items-center" role="status">
      <LogoMark className="size-10 animate-pulse" />
      <span className="sr-only">Loading</span>
    </div>
  );
}

export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <div className="mx-auto max-w-xl px-4 py-16">
      <ErrorState
        error={error}
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </div>
  );
}

export function NotFoundPage() {
  useTitle("Not found");
  return (
    <main>
      <EmptyState
        icon={Compass}
        title="There is no such page"
        className="py-24"
        action={
          <Button asChild>
            <Link to="/">To the overview</Link>
          </Button>
        }
      >
        The address may be mistyped, or what was here is gone.
      </EmptyState>
    </main>
  );
}
