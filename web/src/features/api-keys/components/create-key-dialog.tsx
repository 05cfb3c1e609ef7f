import { useState, type FormEvent, type ReactNode } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogContent, DialogFooter, DialogTrigger } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { useCreateApiKey } from "@/features/api-keys/api/create-api-key";
import { ScopeChoice } from "@/features/api-keys/components/scope-choice";
import { SecretStep } from "@/features/api-keys/components/secret-step";
import { endOf, LIVES } from "@/features/api-keys/scope-words";
import { ApiError } from "@/lib/api-error";
import type { ApiScope } from "@/lib/api-types";
import { focusFirstInvalid } from "@/lib/focus";

/** Name a key, choose what it may do and until when, and see its secret once. */
export function CreateKeyDialog({ trigger }: { trigger: ReactNode }) {
  const [open, setOpen] = useState(false);
  const [token, setToken] = useState<string | null>(null);

  function onOpenChange(next: boolean) {
    // What was shown once is forgotten here, too.
    setToken(null);
    setOpen(next);
  }

  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogTrigger asChild>{trigger}</DialogTrigger>
      {token === null ? (
        <DialogContent title="Create an API key" description="For a program that works with your account.">
          <KeyForm onCreated={setToken} />
        </DialogContent>
      ) : (
        <DialogContent title="Your new API key">
          <SecretStep token={token} onDone={() => onOpenChange(false)} />
        </DialogContent>
      )}
    </Dialog>
  );
}

function KeyForm({ onCreated }: { onCreated: (token: string) => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<ApiScope[]>([]);
  const [life, setLife] = useState(1);
  const [tried, setTried] = useState(false);
  const create = useCreateApiKey();
  const fields = create.error instanceof ApiError ? create.error.fields : [];
  const problem = (field: string) => fields.find((one) => one.field.startsWith(field))?.message;
  const nameError = tried && name.trim() === "" ? "This is needed." : problem("name");
  const scopesError = tried && scopes.length === 0 ? "Choose at least one." : problem("scopes");

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    setTried(true);
    if (name.trim() === "" || scopes.length === 0) {
      // The wrong fields are only marked once this is drawn.
      requestAnimationFrame(() => focusFirstInvalid(form));
      return;
    }
    create.mutate(
      { name: name.trim(), scopes, expires_at: endOf(LIVES[life]?.days ?? null) },
      { onSuccess: (made) => onCreated(made.token) },
    );
  }

  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-1 flex-col">
      <DialogBody className="grid gap-5">
        <Field label="Name" hint="What the key is for, so that you know it again." error={nameError}>
          {(aria) => (
            <Input
              {...aria}
              value={name}
              maxLength={100}
              autoComplete="off"
              placeholder="Nightly report"
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <ScopeChoice value={scopes} onChange={setScopes} error={scopesError} />
        <Field label="It ends after" hint="A key that ends by itself can not be forgotten.">
          {(aria) => (
            <Select {...aria} value={life} onChange={(event) => setLife(Number(event.target.value))}>
              {LIVES.map(({ label }, index) => (
                <option key={label} value={index}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {create.error && fields.length === 0 && <ErrorState error={create.error} />}
      </DialogBody>
      <DialogFooter>
        <Button type="submit" pending={create.isPending}>
          Create key
        </Button>
      </DialogFooter>
    </form>
  );
}
