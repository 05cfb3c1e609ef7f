import { useState } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toaster";
import { useGrantPlugin } from "@/features/plugins/api/grant-plugin";
import { PermissionChoice } from "@/features/plugins/components/permissions";
import { grantedNow } from "@/features/plugins/grants";
import type { Install } from "@/lib/api-types";

/** What an installed plugin may do, to be changed. */
export function GrantsForm({ install }: { install: Install }) {
  const stored = grantedNow(install);
  const [draft, setDraft] = useState(stored);
  const grant = useGrantPlugin(install.plugin.slug);
  const changed = draft.join() !== stored.join();
  return (
    <div className="grid gap-5">
      <PermissionChoice plugin={install.plugin} value={draft} onChange={setDraft} />
      {grant.error && <ErrorState error={grant.error} />}
      {install.plugin.capabilities.length > 0 && (
        <Button
          className="justify-self-end"
          disabled={!changed}
          pending={grant.isPending}
          onClick={() =>
            grant.mutate(draft, {
              onSuccess: (saved) => {
                setDraft(grantedNow(saved));
                toast.success("Saved", "It holds from the next call on.");
              },
            })
          }
        >
          Save permissions
        </Button>
      )}
    </div>
  );
}
