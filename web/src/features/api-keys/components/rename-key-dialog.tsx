import { useState, type FormEvent } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useRenameApiKey } from "@/features/api-keys/api/rename-api-key";
import type { ApiKey } from "@/lib/api-types";

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
  const [name, setName] = useState(apiKey.name);
  const rename = useRenameApiKey(apiKey.id);

  function submit(event: FormEvent) {
    event.preventDefault();
    rename.mutate(name.trim(), { onSuccess: onDone });
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
        {rename.error && <ErrorState error={rename.error} />}
      </DialogBody>
      <DialogFooter>
        <Button type="submit" pending={rename.isPending} disabled={name.trim() === ""}>
          Save
        </Button>
      </DialogFooter>
    </form>
  );
}
