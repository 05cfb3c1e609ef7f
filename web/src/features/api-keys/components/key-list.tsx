import { KeyRound } from "lucide-react";
import type { ReactNode } from "react";
import { EmptyState } from "@/components/empty-state";
import { ManagersOnly } from "@/components/managers-only";
import { QueryState } from "@/components/query-state";
import { RelativeTime } from "@/components/relative-time";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { useApiKeys } from "@/features/api-keys/api/get-api-keys";
import { KeyActions } from "@/features/api-keys/components/key-actions";
import { scopeTitle } from "@/features/api-keys/scope-words";
import type { ApiKey } from "@/lib/api-types";
import { formatDateTime } from "@/lib/format";

/** All keys, oldest first. */
export function KeyList({ createButton }: { createButton: ReactNode }) {
  const query = useApiKeys();
  return (
    <QueryState query={query} skeleton={<Skeleton className="h-40 rounded-xl" />}>
      {(keys) =>
        keys.length === 0 ? (
          <Card>
            <EmptyState icon={KeyRound} title="No API keys yet" action={createButton}>
              With a key, a program of yours can do what you do here, as far as you allow it: fetch reports,
              set up gateways, run plugins. It never needs your password.
            </EmptyState>
          </Card>
        ) : (
          <ul className="grid grid-cols-1 gap-3">
            {keys.map((key) => (
              <KeyRow key={key.id} apiKey={key} />
            ))}
          </ul>
        )
      }
    </QueryState>
  );
}

function KeyRow({ apiKey }: { apiKey: ApiKey }) {
  return (
    <li className="surface p-4" data-testid="api-key">
      <div className="flex items-start gap-4">
        <span className="grid size-10 shrink-0 place-items-center rounded-xl bg-brand-soft text-brand-soft-foreground max-sm:hidden">
          <KeyRound aria-hidden className="size-5" strokeWidth={1.75} />
        </span>
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h2 className="truncate font-medium">{apiKey.name}</h2>
            <code className="text-xs text-muted-foreground">{apiKey.prefix}…</code>
            {apiKey.expired && <Badge tone="danger">Expired</Badge>}
            {apiKey.old_secret_until && <Badge tone="warning">Two secrets hold</Badge>}
          </div>
          <p className="mt-0.5 flex flex-wrap gap-x-2 text-[0.8125rem] text-muted-foreground">
            <span>
              Made <RelativeTime time={apiKey.created_at} />
            </span>
            <span>
              ·{" "}
              {apiKey.last_used_at ? (
                <>
                  last used <RelativeTime time={apiKey.last_used_at} />
                </>
              ) : (
                "never used"
              )}
            </span>
            {apiKey.expires_at && (
              <span>
                · {apiKey.expired ? "ended" : "ends"} {formatDateTime(apiKey.expires_at)}
              </span>
            )}
            {apiKey.old_secret_until && (
              <span>· old secret until {formatDateTime(apiKey.old_secret_until)}</span>
            )}
          </p>
          <ul className="mt-2.5 flex flex-wrap gap-1.5" aria-label="What it may do">
            {apiKey.scopes.map((scope) => (
              <li key={scope}>
                <Badge tone="outline">{scopeTitle(scope)}</Badge>
              </li>
            ))}
          </ul>
        </div>
        <ManagersOnly>
          <KeyActions apiKey={apiKey} />
        </ManagersOnly>
      </div>
    </li>
  );
}
