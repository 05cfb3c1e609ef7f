import { useState, type FormEvent } from "react";
import { ChangedMeanwhile } from "@/components/changed-meanwhile";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toaster";
import { useUpdateGateway } from "@/features/gateways/api/update-gateway";
import { GatewayForm } from "@/features/gateways/components/gateway-form";
import {
  checkDraft,
  draftOf,
  NO_ERRORS,
  serverErrors,
  type GatewayErrors,
} from "@/features/gateways/gateway-input";
import type { Gateway, GatewayKind } from "@/lib/api-types";
import { focusFirstInvalid } from "@/lib/focus";
import { mergePatch } from "@/lib/merge-patch";
import { useEdited } from "@/lib/use-edited";

/** Changes a gateway. Credentials that are not typed again stay as they are. */
export function EditGatewayForm({ gateway, kind }: { gateway: Gateway; kind: GatewayKind }) {
  const { draft, setDraft, base, changed, behind, keep, take } = useEdited(
    gateway.etag,
    { name: gateway.name, config: gateway.config },
    (stored) => draftOf(stored, kind),
  );
  const [errors, setErrors] = useState<GatewayErrors>(NO_ERRORS);
  const update = useUpdateGateway(gateway.id);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const wrong = checkDraft(kind, draft, gateway.has_credentials);
    setErrors(wrong ?? NO_ERRORS);
    if (wrong) {
      focusFirstInvalid(form);
      return;
    }
    const { credentials } = draft;
    update.mutate(
      {
        etag: base.etag,
        name: draft.name.trim(),
        config: mergePatch(base.stored.config, draft.config),
        credentials: Object.keys(credentials).length > 0 ? credentials : undefined,
      },
      {
        onSuccess: (saved) => {
          take({ etag: saved.etag, stored: { name: saved.name, config: saved.config } });
          toast.success("Saved", "The gateway connects again with its new settings.");
        },
        onError: (error) => {
          setErrors(serverErrors(error) ?? NO_ERRORS);
          focusFirstInvalid(form);
        },
      },
    );
  }

  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <GatewayForm
        kind={kind}
        draft={draft}
        onChange={setDraft}
        errors={errors}
        secretsStored={gateway.has_credentials}
      />
      {behind && <ChangedMeanwhile what="gateway" onKeep={keep} onTake={() => take()} />}
      {update.error && !behind && !serverErrors(update.error) && <ErrorState error={update.error} />}
      <div className="flex justify-end gap-2">
        {changed && (
          <Button variant="ghost" onClick={() => take()}>
            Discard
          </Button>
        )}
        <Button type="submit" pending={update.isPending} disabled={!changed}>
          Save changes
        </Button>
      </div>
    </form>
  );
}
