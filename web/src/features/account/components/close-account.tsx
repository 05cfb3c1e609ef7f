import { useState, type FormEvent } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import {
  Dialog,
  DialogBody,
  DialogClose,
  DialogContent,
  DialogFooter,
  DialogTrigger,
} from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { PasswordInput } from "@/components/ui/password-input";
import { toast } from "@/components/ui/toaster";
import { useCloseAccount } from "@/features/account/api/close-account";
import { ApiError } from "@/lib/api-error";

/** The end of the account, which a dialog with the password asks for. */
export function CloseAccount() {
  const [open, setOpen] = useState(false);
  return (
    <Card>
      <CardHeader
        title="Delete the account"
        description="Your bots stop at once. Everything is removed 30 days later; until then you can sign in and call it off."
      />
      <CardBody>
        <Dialog open={open} onOpenChange={setOpen}>
          <DialogTrigger asChild>
            <Button variant="danger">Delete the account…</Button>
          </DialogTrigger>
          <DialogContent
            title="Delete the account?"
            description="The workspace stops, gateways are disconnected, and you are signed out everywhere else."
          >
            <CloseForm onClosed={() => setOpen(false)} />
          </DialogContent>
        </Dialog>
      </CardBody>
    </Card>
  );
}

function CloseForm({ onClosed }: { onClosed: () => void }) {
  const [password, setPassword] = useState("");
  const close = useCloseAccount();
  const wrong = close.error instanceof ApiError && close.error.code === "wrong_password";

  function submit(event: FormEvent) {
    event.preventDefault();
    close.mutate(password, {
      onSuccess: () => {
        onClosed();
        toast.success("The account will be deleted", "You can call that off for 30 days.");
      },
    });
  }

  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-col">
      <DialogBody className="grid gap-4">
        {close.error && !wrong && <ErrorState error={close.error} />}
        <Field label="Your password" error={wrong ? "This is not your present password." : undefined}>
          {(aria) => (
            <PasswordInput
              {...aria}
              name="current-password"
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button variant="outline">Cancel</Button>
        </DialogClose>
        <Button type="submit" variant="danger" pending={close.isPending} disabled={password === ""}>
          Delete the account
        </Button>
      </DialogFooter>
    </form>
  );
}
