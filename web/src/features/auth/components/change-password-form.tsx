import { useState, type FormEvent } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { PasswordInput } from "@/components/ui/password-input";
import { toast } from "@/components/ui/toaster";
import { useChangePassword } from "@/features/auth/api/change-password";
import { PasswordNeeds } from "@/features/auth/components/password-needs";
import { PASSWORD_RULES } from "@/features/auth/password-rules";
import { ApiError } from "@/lib/api-error";

const EMPTY = { present: "", next: "" };

/** Replaces the password by the present one. */
export function ChangePasswordForm() {
  const [form, setForm] = useState(EMPTY);
  const change = useChangePassword();
  const error = change.error instanceof ApiError ? change.error : null;
  const wrongPresent = error?.code === "wrong_password" ? "This is not your present password." : undefined;
  const wrongNext = error?.fields.find((problem) => problem.field === "new_password")?.message;
  const ready = form.present !== "" && PASSWORD_RULES.every((rule) => rule.met(form.next));
  const set = (field: keyof typeof form) => (event: { target: { value: string } }) =>
    setForm({ ...form, [field]: event.target.value });

  function submit(event: FormEvent) {
    event.preventDefault();
    change.mutate(
      { current_password: form.present, new_password: form.next },
      {
        onSuccess: () => {
          setForm(EMPTY);
          toast.success("Your password was changed", "You are signed out everywhere else.");
        },
      },
    );
  }

  return (
    <form onSubmit={submit} className="grid max-w-md gap-4" noValidate>
      {change.error && !wrongPresent && !wrongNext && <ErrorState error={change.error} />}
      <Field label="Present password" error={wrongPresent}>
        {(aria) => (
          <PasswordInput
            {...aria}
            name="current-password"
            autoComplete="current-password"
            value={form.present}
            onChange={set("present")}
          />
        )}
      </Field>
      <div>
        <Field label="New password" error={wrongNext}>
          {(aria) => (
            <PasswordInput
              {...aria}
              name="new-password"
              autoComplete="new-password"
              value={form.next}
              onChange={set("next")}
            />
          )}
        </Field>
        <PasswordNeeds password={form.next} />
      </div>
      <Button type="submit" className="justify-self-start" pending={change.isPending} disabled={!ready}>
        Change the password
      </Button>
    </form>
  );
}
