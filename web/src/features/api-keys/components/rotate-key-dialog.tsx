import { useState } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/select";
import { useRotateApiKey } from "@/features/api-keys/api/rotate-api-key";
import { SecretStep } from "@/features/api-keys/components/secret-step";
import { GRACES } from "@/features/api-keys/scope-words";
import type { ApiKey } from "@/lib/api-types";

interface RotateKeyDialogProps {
  apiKey: ApiKey;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** A new secret for a key, and a while in which the old one still holds. */
export function RotateKeyDialog({ apiKey, open, onOpenChange }: RotateKeyDialogProps) {
  const [token, setToken] = useState<string | null>(null);
  const [grace, setGrace] = useState(86_400);
  const rotate = useRotateApiKey(apiKey.id);

  function change(next: boolean) {
    setToken(null);
    rotate.reset();
    onOpenChange(next);
  }

  return (
    <Dialog open={open} onOpenChange={change}>
      {token === null ? (
        <DialogContent
          title={`A new secret for “${apiKey.name}”`}
          description="What it may do stays. Give your program the new secret before the old one ends."
        >
          <DialogBody className="grid gap-5">
            <Field
              label="The old secret goes on to hold for"
              hint="Choose “Not at all” if somebody else may have seen it."
            >
              {(aria) => (
                <Select {...aria} value={grace} onChange={(event) => setGrace(Number(event.target.value))}>
                  {GRACES.map(({ label, seconds }) => (
                    <option key={seconds} value={seconds}>
                      {label}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            {rotate.error && <ErrorState error={rotate.error} />}
          </DialogBody>
          <DialogFooter>
            <Button
              pending={rotate.isPending}
              onClick={() => rotate.mutate(grace, { onSuccess: (made) => setToken(made.token) })}
            >
              Make a new secret
            </Button>
          </DialogFooter>
        </DialogContent>
      ) : (
        <DialogContent title="The new secret">
          <SecretStep token={token} onDone={() => change(false)} />
        </DialogContent>
      )}
    </Dialog>
  );
}
