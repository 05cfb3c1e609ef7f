import { useState, type FormEvent } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useForgotPassword } from "@/features/auth/api/forgot-password";

export function ForgotPasswordForm() {
  const [email, setEmail] = useState("");
  const forgot = useForgotPassword();

  function submit(event: FormEvent) {
    event.preventDefault();
    forgot.mutate(email.trim());
  }

  if (forgot.isSuccess) {
    return (
      <p role="status" className="text-sm">
        If {email.trim()} has an account, a mail with a link is on its way. The link works once, within an
        hour.
      </p>
    );
  }
  return (
    <form onSubmit={submit} className="grid gap-4">
      {forgot.error && <ErrorState error={forgot.error} />}
      <Field label="Email">
        {(aria) => (
          <Input
            {...aria}
            type="email"
            required
            name="email"
            autoComplete="username"
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.target.value)}
            className="h-10"
          />
        )}
      </Field>
      <Button type="submit" size="lg" className="mt-1" pending={forgot.isPending}>
        Send me a link
      </Button>
    </form>
  );
}
