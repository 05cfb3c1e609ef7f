import { useState, type FormEvent } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { useFinishSignIn } from "@/features/auth/api/sign-in";
import { CodeField } from "@/features/auth/components/code-field";
import { ApiError } from "@/lib/api-error";

interface SecondStepFormProps {
  challenge: string;
  onDone: () => void;
  /** Back to the password. */
  onBack: () => void;
}

/** The second step of signing in: a code of the authenticator, or a recovery code. */
export function SecondStepForm({ challenge, onDone, onBack }: SecondStepFormProps) {
  const [recovery, setRecovery] = useState(false);
  const [code, setCode] = useState("");
  const finish = useFinishSignIn();
  const refusal = finish.error instanceof ApiError ? finish.error.code : null;
  const over = refusal === "invalid_challenge";

  function submit(event: FormEvent) {
    event.preventDefault();
    finish.mutate(recovery ? { challenge, recovery_code: code } : { challenge, code }, {
      onSuccess: onDone,
      onError: () => setCode(""),
    });
  }

  function change(to: boolean) {
    setRecovery(to);
    setCode("");
    finish.reset();
  }

  return (
    <form onSubmit={submit} className="grid gap-4" noValidate>
      {finish.error && refusal !== "wrong_code" && <ErrorState error={finish.error} />}
      {!over && (
        <>
          <CodeField
            recovery={recovery}
            value={code}
            onChange={setCode}
            error={refusal === "wrong_code" ? "This one is wrong, too old, or was used." : undefined}
            autoFocus
          />
          <Button type="submit" size="lg" pending={finish.isPending} disabled={code.trim() === ""}>
            Sign in
          </Button>
        </>
      )}
      <div className="flex flex-wrap justify-between gap-x-4 gap-y-2">
        {!over && (
          <Button variant="link" onClick={() => change(!recovery)}>
            {recovery ? "Use a code of the authenticator" : "Use a recovery code"}
          </Button>
        )}
        <Button variant="link" onClick={onBack}>
          Back to the password
        </Button>
      </div>
    </form>
  );
}
