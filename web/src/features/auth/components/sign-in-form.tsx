import { useState, type FormEvent } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "@/components/ui/password-input";
import { useSignIn } from "@/features/auth/api/sign-in";
import { SecondStepForm } from "@/features/auth/components/second-step-form";

export function SignInForm({ onDone }: { onDone: () => void }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [challenge, setChallenge] = useState<string | null>(null);
  const signIn = useSignIn();

  function submit(event: FormEvent) {
    event.preventDefault();
    signIn.mutate(
      { email: email.trim(), password },
      {
        onSuccess: (answer) => {
          if ("challenge" in answer) setChallenge(answer.challenge);
          else onDone();
        },
      },
    );
  }

  function goBack() {
    setChallenge(null);
    setPassword("");
  }

  if (challenge !== null) {
    return <SecondStepForm challenge={challenge} onDone={onDone} onBack={goBack} />;
  }

  return (
    <form onSubmit={submit} className="grid gap-4">
      {signIn.error && <ErrorState error={signIn.error} />}
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
      <Field label="Password">
        {(aria) => (
          <PasswordInput
            {...aria}
            name="password"
            required
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            className="h-10"
          />
        )}
      </Field>
      <Button type="submit" size="lg" className="mt-1" pending={signIn.isPending}>
        Sign in
      </Button>
    </form>
  );
}
