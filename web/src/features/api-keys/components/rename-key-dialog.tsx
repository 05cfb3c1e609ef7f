import { type FormEvent } from "react";
import { ChangedMeanwhile } from "@/components/changed-meanwhile";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useRenameApiKey } from "@/features/api-keys/api/rename-api-key";
import type { ApiKey } from "@/lib/api-types";
import { useEdited } from "@/lib/use-edited";

interface RenameKeyDialogProps {
  apiKey: ApiKey;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function RenameKeyDialog({ apiKey, open, onOpenChange }: RenameKeyDialogProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent title="Rename the key">
        <RenameForm apiKey={apiKey} onDone={() => onOpenChange(false)} />
      </DialogContent>
    </Dialog>
  );
}

function RenameForm({ apiKey, onDone }: { apiKey: ApiKey; onDone: () => void }) {
  const {
    draft: name,
    setDraft: setName,
    base,
    behind,
    keep,
    take,
  } = useEdited(apiKey.etag, apiKey.name, (stored) => stored);
  const rename = useRenameApiKey(apiKey.id);

  function submit(event: FormEvent) {
    event.preventDefault();
    rename.mutate({ etag: base.etag, name: name.trim() }, { onSuccess: onDone });
  }

  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-1 flex-col">
      <DialogBody className="grid gap-5">
        <Field label="Name">
          {(aria) => (
            <Input
              {...aria}
              value={name}
              maxLength={100}
              autoComplete="off"
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        {behind && <ChangedMeanwhile what="key" onKeep={keep} onTake={() => take()} />}
        {rename.error && !behind && <ErrorState error={rename.error} />}
      </DialogBody>
      <DialogFooter>
        <Button type="submit" pending={rename.isPending} disabled={name.trim() === ""}>
          Save
        </Button>
      </DialogFooter>
    </form>
  );
}
