import { ShieldQuestion } from "lucide-react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toaster";
import { useGrantPlugin } from "@/features/plugins/api/grant-plugin";
import { Permission } from "@/features/plugins/components/permissions";
import { grantedNow, grantedWithNews } from "@/features/plugins/grants";
import type { Install } from "@/lib/api-types";
import { capabilityWords } from "@/lib/capability-words";

/** A new version asks for more: shows what, and lets its owner decide. */
export function UpgradeCard({ install }: { install: Install }) {
  const { plugin, undecided } = install;
  const grant = useGrantPlugin(plugin.slug);
  const decide = (grants: string[]) =>
    grant.mutate(
      { etag: install.etag, grants },
      { onSuccess: () => toast.success("Decided", `${plugin.name} goes on.`) },
    );
  const waits = install.state === "paused";
  return (
    <section
      data-testid="upgrade"
      aria-labelledby="upgrade-title"
      className="rounded-xl border border-warning/30 bg-warning-soft p-4"
    >
      <div className="flex gap-3">
        <ShieldQuestion aria-hidden className="mt-0.5 size-4.5 shrink-0 text-warning" />
        <div className="grid min-w-0 flex-1 gap-3">
          <div>
            <h3 id="upgrade-title" className="text-sm font-semibold">
              Version {install.version} asks for more
            </h3>
            <p className="mt-0.5 text-sm text-muted-foreground">
              {waits
                ? "It is off until you decide. What happens meanwhile is kept for a day and handled then."
                : "Decide before you enable it."}
            </p>
          </div>
          <ul className="grid gap-3" aria-label="What it asks for besides">
            {undecided.map((capability) => (
              <li key={capability}>
                <Permission {...capabilityWords(capability)} />
              </li>
            ))}
          </ul>
          {grant.error && <ErrorState error={grant.error} />}
          <div className="flex flex-wrap gap-2">
            <Button size="sm" pending={grant.isPending} onClick={() => decide(grantedWithNews(install))}>
              Allow
            </Button>
            <Button
              variant="outline"
              size="sm"
              disabled={grant.isPending}
              onClick={() => decide(grantedNow(install))}
            >
              Go on without
            </Button>
          </div>
        </div>
      </div>
    </section>
  );
}
