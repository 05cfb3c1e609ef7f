import { useQuery } from "@tanstack/react-query";
import { QueryState } from "@/components/query-state";
import { RelativeTime } from "@/components/relative-time";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toaster";
import { sessionsQuery } from "@/features/auth/api/get-sessions";
import { useRevokeSession } from "@/features/auth/api/revoke-session";
import type { AuthSession } from "@/lib/api-types";

/** Where the account is signed in, and a way to end each of it. */
export function SessionList() {
  const query = useQuery(sessionsQuery);
  return (
    <QueryState query={query} skeleton={<Skeleton className="h-24" />} className="m-5">
      {({ items }) => (
        <ul className="divide-y border-t" aria-label="Sessions">
          {items.map((session) => (
            <SessionRow key={session.id} session={session} />
          ))}
        </ul>
      )}
    </QueryState>
  );
}

function SessionRow({ session }: { session: AuthSession }) {
  const revoke = useRevokeSession();
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-5 py-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
          {session.device}
          {session.current && <Badge tone="success">This one</Badge>}
        </p>
        <p className="text-xs text-muted-foreground">
          Signed in <RelativeTime time={session.created_at} />, last used{" "}
          <RelativeTime time={session.last_used_at} />, from {session.network}
        </p>
      </div>
      {!session.current && (
        <Button
          variant="outline"
          size="sm"
          pending={revoke.isPending}
          aria-label={`Sign out ${session.device}, ${session.network}`}
          onClick={() =>
            revoke.mutate(session.id, {
              onSuccess: () => toast.success("Signed out", session.device),
              onError: (error) => toast.error("The session could not be ended", error.message),
            })
          }
        >
          Sign out
        </Button>
      )}
    </li>
  );
}
