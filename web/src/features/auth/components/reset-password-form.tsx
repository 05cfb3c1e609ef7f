import { useState, type FormEvent, type ReactNode } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { PasswordInput } from "@/components/ui/password-input";
import { useResetPassword } from "@/features/auth/api/reset-password";
import { DeadLink } from "@/features/auth/components/dead-link";
import { PasswordNeeds } from "@/features/auth/components/password-needs";
import { PASSWORD_RULES } from "@/features/auth/password-rules";
import { ApiError } from "@/lib/api-error";

interface ResetPasswordFormProps {
  token: string;
  onDone: () => void;
  /** Leads to where one asks for a new link. */
  askAnew: ReactNode;
}

export function ResetPasswordForm({ token, onDone, askAnew }: ResetPasswordFormProps) {
  const [password, setPassword] = useState("");
  const reset = useResetPassword();
  const error = reset.error instanceof ApiError ? reset.error : null;
  const dead = token === "" || error?.code === "invalid_token";
  const wrong = error?.fields.find((problem) => problem.field === "password")?.message;

  function submit(event: FormEvent) {
    event.preventDefault();
    reset.mutate({ token, password }, { onSuccess: onDone });
  }

  if (dead) {
    return <DeadLink action={askAnew}>Ask for a new one; your password is as it was.</DeadLink>;
  }
  return (
    <form onSubmit={submit} className="grid gap-4" noValidate>
      {reset.error && !wrong && <ErrorState error={reset.error} />}
      <div>
        <Field label="New password" error={wrong}>
          {(aria) => (
            <PasswordInput
              {...aria}
              name="password"
              autoComplete="new-password"
              autoFocus
              value={password}
              onChange={(event) => setPassword(event.target.value)}
              className="h-10"
            />
          )}
        </Field>
        <PasswordNeeds password={password} />
      </div>
      <Button
        type="submit"
        size="lg"
        className="mt-1"
        pending={reset.isPending}
        disabled={!PASSWORD_RULES.every((rule) => rule.met(password))}
      >
        Use this password
      </Button>
    </form>
  );
}
