import { useState, type FormEvent } from "react";
import { ChangedMeanwhile } from "@/components/changed-meanwhile";
import { ErrorState } from "@/components/error-state";
import { SchemaForm } from "@/components/schema-form/schema-form";
import { errorsBelow, validate, type FieldErrors } from "@/components/schema-form/validate";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toaster";
import { useConfigurePlugin } from "@/features/plugins/api/configure-plugin";
import { ApiError } from "@/lib/api-error";
import type { Install } from "@/lib/api-types";
import { focusFirstInvalid } from "@/lib/focus";
import { mergePatch } from "@/lib/merge-patch";
import { useEdited } from "@/lib/use-edited";

/** The settings of an installed plugin, as its schema describes them. */
export function ConfigForm({ install }: { install: Install }) {
  const { plugin } = install;
  const { draft, setDraft, base, changed, behind, keep, take } = useEdited(
    install.etag,
    install.config,
    (stored) => stored,
  );
  const [errors, setErrors] = useState<FieldErrors>({});
  const configure = useConfigurePlugin(plugin.slug);
  const wrongCount = Object.keys(errors).length;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const wrong = validate(plugin.config_schema, draft);
    setErrors(wrong);
    if (Object.keys(wrong).length > 0) {
      focusFirstInvalid(form);
      return;
    }
    const change = { etag: base.etag, config: mergePatch(base.stored, draft) };
    configure.mutate(change, {
      onSuccess: (saved) => {
        take({ etag: saved.etag, stored: saved.config });
        toast.success("Saved", "The next event is handled with the new settings.");
      },
      onError: (error) => {
        setErrors(error instanceof ApiError ? errorsBelow("config", error.fields) : {});
        focusFirstInvalid(form);
      },
    });
  }

  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <SchemaForm schema={plugin.config_schema} value={draft} onChange={setDraft} errors={errors} />
      {behind && <ChangedMeanwhile what="plugin" onKeep={keep} onTake={() => take()} />}
      {configure.error && !behind && <ErrorState error={configure.error} />}
      <div className="flex flex-wrap items-center justify-end gap-2">
        {wrongCount > 0 && !configure.error && (
          <p role="alert" className="mr-auto text-xs font-medium text-danger">
            {wrongCount === 1 ? "One field needs" : `${wrongCount} fields need`} your attention.
          </p>
        )}
        {changed && (
          <Button
            variant="ghost"
            onClick={() => {
              take();
              setErrors({});
            }}
          >
            Discard
          </Button>
        )}
        <Button type="submit" pending={configure.isPending} disabled={!changed}>
          Save changes
        </Button>
      </div>
    </form>
  );
}
