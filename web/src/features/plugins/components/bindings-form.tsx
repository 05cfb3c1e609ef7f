import { ChangedMeanwhile } from "@/components/changed-meanwhile";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toaster";
import { useBindGateways } from "@/features/plugins/api/bind-gateways";
import type { Bindings } from "@/features/plugins/api/install-plugin";
import { SlotPicker } from "@/features/plugins/components/slot-picker";
import type { Install } from "@/lib/api-types";
import { useEdited } from "@/lib/use-edited";

/** Which gateways an installed plugin hears and uses. */
export function BindingsForm({ install }: { install: Install }) {
  const { draft, setDraft, base, behind, keep, take } = useEdited(
    install.etag,
    bindingsOf(install),
    (stored) => stored,
  );
  const bind = useBindGateways(install.plugin.slug);
  const changed = JSON.stringify(normal(draft)) !== JSON.stringify(normal(base.stored));
  return (
    <div className="grid gap-5">
      <SlotPicker slots={install.plugin.gateway_slots} value={draft} onChange={setDraft} />
      {behind && <ChangedMeanwhile what="plugin" onKeep={keep} onTake={() => take()} />}
      {bind.error && !behind && <ErrorState error={bind.error} />}
      <Button
        className="justify-self-end"
        disabled={!changed}
        pending={bind.isPending}
        onClick={() =>
          bind.mutate(
            { etag: base.etag, gateways: draft },
            {
              onSuccess: (saved) => {
                take({ etag: saved.etag, stored: bindingsOf(saved) });
                toast.success("Saved");
              },
            },
          )
        }
      >
        Save gateways
      </Button>
    </div>
  );
}

function bindingsOf(install: Install): Bindings {
  return Object.fromEntries(
    install.plugin.gateway_slots.map((slot) => [
      slot.name,
      (install.gateways[slot.name] ?? []).map((gateway) => gateway.id),
    ]),
  );
}

const normal = (bindings: Bindings) =>
  Object.entries(bindings)
    .map(([slot, ids]) => [slot, [...ids].sort()])
    .sort();
