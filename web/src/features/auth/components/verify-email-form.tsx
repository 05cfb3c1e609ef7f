import { useState, type FormEvent, type ReactNode } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { PasswordInput } from "@/components/ui/password-input";
import { useVerifyEmail } from "@/features/auth/api/verify-email";
import { DeadLink } from "@/features/auth/components/dead-link";
import { ApiError } from "@/lib/api-error";

interface VerifyEmailFormProps {
  token: string;
  /** Leads to the workspace, where one can ask for a new link. */
  open: ReactNode;
}

/**
 * Confirms an address. A button and not at once: programs that look at mails open links, and must not use them up. Where the account
 * waits for it, the server asks for the password, too.
 */
export function VerifyEmailForm({ token, open }: VerifyEmailFormProps) {
  const [password, setPassword] = useState("");
  const [wanted, setWanted] = useState(false);
  const verify = useVerifyEmail();
  const error = verify.error instanceof ApiError ? verify.error : null;
  const missing = error?.fields.some((problem) => problem.field === "password") ?? false;
  const wrong = error?.code === "wrong_password";
  const dead = token === "" || error?.code === "invalid_token";

  function submit(event: FormEvent) {
    event.preventDefault();
    verify.mutate(wanted ? { token, password } : { token }, {
      onError: (refusal) => {
        const asked = refusal instanceof ApiError && refusal.fields.some((one) => one.field === "password");
        if (asked) setWanted(true);
      },
    });
  }

  if (verify.isSuccess) {
    return (
      <div className="grid gap-4">
        <p role="status" className="text-sm">
          Thank you: your address is confirmed.
        </p>
        {open}
      </div>
    );
  }
  if (dead) {
    return (
      <DeadLink action={open}>
        Sign in: if the address still has to be confirmed, a new link is sent at once, or you can ask for one
        there.
      </DeadLink>
    );
  }
  return (
    <form onSubmit={submit} className="grid gap-4" noValidate>
      {error && !missing && !wrong && <ErrorState error={error} />}
      {wanted && (
        <Field
          label="Password"
          hint="The one that you chose when you registered."
          error={wrong ? "This is not the one that was chosen with this link." : undefined}
        >
          {(aria) => (
            <PasswordInput
              {...aria}
              name="password"
              autoComplete="current-password"
              autoFocus
              value={password}
              onChange={(event) => setPassword(event.target.value)}
              className="h-10"
            />
          )}
        </Field>
      )}
      <Button type="submit" size="lg" pending={verify.isPending} disabled={wanted && password === ""}>
        Confirm this address
      </Button>
    </form>
  );
}
