import { ChangedMeanwhile } from "@/components/changed-meanwhile";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toaster";
import { useGrantPlugin } from "@/features/plugins/api/grant-plugin";
import { PermissionChoice } from "@/features/plugins/components/permissions";
import { grantedNow } from "@/features/plugins/grants";
import type { Install } from "@/lib/api-types";
import { useEdited } from "@/lib/use-edited";

/** What an installed plugin may do, to be changed. */
export function GrantsForm({ install }: { install: Install }) {
  const { draft, setDraft, base, changed, behind, keep, take } = useEdited(
    install.etag,
    grantedNow(install),
    (stored) => stored,
  );
  const grant = useGrantPlugin(install.plugin.slug);
  return (
    <div className="grid gap-5">
      <PermissionChoice plugin={install.plugin} value={draft} onChange={setDraft} />
      {behind && <ChangedMeanwhile what="plugin" onKeep={keep} onTake={() => take()} />}
      {grant.error && !behind && <ErrorState error={grant.error} />}
      {install.plugin.capabilities.length > 0 && (
        <Button
          className="justify-self-end"
          disabled={!changed}
          pending={grant.isPending}
          onClick={() =>
            grant.mutate(
              { etag: base.etag, grants: draft },
              {
                onSuccess: (saved) => {
                  take({ etag: saved.etag, stored: grantedNow(saved) });
                  toast.success("Saved", "It holds from the next call on.");
                },
              },
            )
          }
        >
          Save permissions
        </Button>
      )}
    </div>
  );
}
