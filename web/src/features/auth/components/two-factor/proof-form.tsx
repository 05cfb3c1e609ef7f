import { useState, type FormEvent } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { DialogBody, DialogClose, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { PasswordInput } from "@/components/ui/password-input";
import type { ProofInput } from "@/features/auth/api/change-two-factor";
import { CodeField } from "@/features/auth/components/code-field";
import { ApiError } from "@/lib/api-error";

interface ProofFormProps {
  label: string;
  tone: "primary" | "danger";
  pending: boolean;
  error: Error | null;
  onSubmit: (proof: ProofInput) => void;
}

/** Asks for the password, and for a code of the authenticator or a recovery code. */
export function ProofForm({ label, tone, pending, error, onSubmit }: ProofFormProps) {
  const [password, setPassword] = useState("");
  const [recovery, setRecovery] = useState(false);
  const [code, setCode] = useState("");
  const refusal = error instanceof ApiError ? error.code : null;
  const explained = refusal === "wrong_password" || refusal === "wrong_code";

  function submit(event: FormEvent) {
    event.preventDefault();
    onSubmit(recovery ? { password, recovery_code: code } : { password, code });
  }

  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-col">
      <DialogBody className="grid gap-4">
        {error && !explained && <ErrorState error={error} />}
        <Field
          label="Your password"
          error={refusal === "wrong_password" ? "This is not your present password." : undefined}
        >
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
        <CodeField
          recovery={recovery}
          value={code}
          onChange={setCode}
          error={refusal === "wrong_code" ? "This one is wrong, too old, or was used." : undefined}
        />
        <Button
          variant="link"
          className="justify-self-start"
          onClick={() => {
            setRecovery(!recovery);
            setCode("");
          }}
        >
          {recovery ? "Use a code of the authenticator" : "Use a recovery code"}
        </Button>
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button variant="outline">Cancel</Button>
        </DialogClose>
        <Button
          type="submit"
          variant={tone}
          pending={pending}
          disabled={password === "" || code.trim() === ""}
        >
          {label}
        </Button>
      </DialogFooter>
    </form>
  );
}
