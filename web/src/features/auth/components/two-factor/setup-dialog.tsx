import { useState, type FormEvent } from "react";
import { CopyField } from "@/components/copy-field";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogContent, DialogFooter, DialogTrigger } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { PasswordInput } from "@/components/ui/password-input";
import { toast } from "@/components/ui/toaster";
import { useBeginTwoFactor, useConfirmTwoFactor } from "@/features/auth/api/change-two-factor";
import { CodeField } from "@/features/auth/components/code-field";
import { QrCode } from "@/features/auth/components/two-factor/qr-code";
import { RecoveryCodesStep } from "@/features/auth/components/two-factor/recovery-codes";
import { ApiError } from "@/lib/api-error";
import type { TwoFactorSetup } from "@/lib/api-types";

const WORDS = {
  password: "Your password first.",
  authenticator: "Give your authenticator the key, and enter the code that it shows.",
  codes: "Two-factor sign-in is on.",
};

/** Turns two-factor sign-in on: the password, the authenticator, and the recovery codes to keep. */
export function SetupDialog({ isOn }: { isOn: boolean }) {
  const [open, setOpen] = useState(false);
  const [setup, setSetup] = useState<TwoFactorSetup | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);

  function change(to: boolean) {
    setOpen(to);
    if (to) return;
    if (codes) toast.success("Two-factor sign-in is on", "Signing in takes a code from now on.");
    setSetup(null);
    setCodes(null);
  }

  const step = codes ? "codes" : setup ? "authenticator" : "password";
  return (
    <Dialog open={open} onOpenChange={change}>
      {!isOn && (
        <DialogTrigger asChild>
          <Button>Set it up…</Button>
        </DialogTrigger>
      )}
      <DialogContent title="Two-factor sign-in" description={WORDS[step]}>
        {codes ? (
          <RecoveryCodesStep codes={codes} onDone={() => change(false)} />
        ) : setup ? (
          <AuthenticatorStep setup={setup} onConfirmed={setCodes} />
        ) : (
          <PasswordStep onBegun={setSetup} />
        )}
      </DialogContent>
    </Dialog>
  );
}

function PasswordStep({ onBegun }: { onBegun: (setup: TwoFactorSetup) => void }) {
  const [password, setPassword] = useState("");
  const begin = useBeginTwoFactor();
  const wrong = begin.error instanceof ApiError && begin.error.code === "wrong_password";

  function submit(event: FormEvent) {
    event.preventDefault();
    begin.mutate(password, { onSuccess: onBegun });
  }

  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-col">
      <DialogBody className="grid gap-4">
        {begin.error && !wrong && <ErrorState error={begin.error} />}
        <Field label="Your password" error={wrong ? "This is not your present password." : undefined}>
          {(aria) => (
            <PasswordInput
              {...aria}
              name="current-password"
              autoComplete="current-password"
              autoFocus
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
      </DialogBody>
      <DialogFooter>
        <Button type="submit" pending={begin.isPending} disabled={password === ""}>
          Go on
        </Button>
      </DialogFooter>
    </form>
  );
}

interface AuthenticatorStepProps {
  setup: TwoFactorSetup;
  onConfirmed: (codes: string[]) => void;
}

function AuthenticatorStep({ setup, onConfirmed }: AuthenticatorStepProps) {
  const [code, setCode] = useState("");
  const confirm = useConfirmTwoFactor();
  const wrong = confirm.error instanceof ApiError && confirm.error.code === "wrong_code";

  function submit(event: FormEvent) {
    event.preventDefault();
    confirm.mutate(code, { onSuccess: ({ recovery_codes }) => onConfirmed(recovery_codes) });
  }

  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-col">
      <DialogBody className="grid gap-4">
        {confirm.error && !wrong && <ErrorState error={confirm.error} />}
        <div className="grid justify-items-center gap-3">
          <QrCode text={setup.otpauth_uri} label="The key as a QR code" />
          <p className="text-center text-[0.8125rem] text-muted-foreground">
            Scan it with an authenticator app, or type the key:
          </p>
          <div className="w-full">
            <CopyField value={setup.secret} label="the key" />
          </div>
        </div>
        <CodeField
          recovery={false}
          value={code}
          onChange={setCode}
          error={wrong ? "This is another one. Is the clock of your device right?" : undefined}
        />
      </DialogBody>
      <DialogFooter>
        <Button type="submit" pending={confirm.isPending} disabled={code.trim() === ""}>
          Turn it on
        </Button>
      </DialogFooter>
    </form>
  );
}
