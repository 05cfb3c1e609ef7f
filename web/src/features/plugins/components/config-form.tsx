import { useState, type FormEvent } from "react";
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

/** The settings of an installed plugin, as its schema describes them. */
export function ConfigForm({ install }: { install: Install }) {
  const { plugin } = install;
  const [draft, setDraft] = useState(install.config);
  const [errors, setErrors] = useState<FieldErrors>({});
  const configure = useConfigurePlugin(plugin.slug);
  const changed = JSON.stringify(draft) !== JSON.stringify(install.config);
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
    configure.mutate(mergePatch(install.config, draft), {
      onSuccess: (saved) => {
        setDraft(saved.config);
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
      {configure.error && <ErrorState error={configure.error} />}
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
              setDraft(install.config);
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
