import { useState, type FormEvent } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "@/components/ui/password-input";
import { useRegister } from "@/features/auth/api/register";
import { PasswordNeeds } from "@/features/auth/components/password-needs";
import { PASSWORD_RULES } from "@/features/auth/password-rules";
import { ApiError } from "@/lib/api-error";

export function RegisterForm({ onDone }: { onDone: () => void }) {
  const [form, setForm] = useState({ name: "", email: "", password: "" });
  const register = useRegister();
  const set = (field: keyof typeof form) => (event: { target: { value: string } }) =>
    setForm({ ...form, [field]: event.target.value });

  const error = register.error instanceof ApiError ? register.error : null;
  const fieldError = (field: string) => error?.fields.find((problem) => problem.field === field)?.message;
  const emailError = error?.code === "email_taken" ? error.detail || error.title : fieldError("email");
  const explained = Boolean(emailError ?? fieldError("name") ?? fieldError("password"));
  const ready = form.name.trim() && form.email && PASSWORD_RULES.every((rule) => rule.met(form.password));

  function submit(event: FormEvent) {
    event.preventDefault();
    register.mutate(
      { ...form, name: form.name.trim(), email: form.email.trim() },
      { onSuccess: (signedIn) => signedIn && onDone() },
    );
  }

  if (register.isSuccess && !register.data) {
    return (
      <p role="status" className="text-sm">
        A mail to {form.email.trim()} is on its way. Open its link and enter your password there; then you can
        sign in.
      </p>
    );
  }

  return (
    <form onSubmit={submit} className="grid gap-4" noValidate>
      {register.error && !explained && <ErrorState error={register.error} />}
      <Field label="Name" error={fieldError("name")}>
        {(aria) => (
          <Input
            {...aria}
            name="name"
            autoComplete="name"
            autoFocus
            value={form.name}
            onChange={set("name")}
            className="h-10"
          />
        )}
      </Field>
      <Field label="Email" error={emailError}>
        {(aria) => (
          <Input
            {...aria}
            type="email"
            name="email"
            autoComplete="username"
            value={form.email}
            onChange={set("email")}
            className="h-10"
          />
        )}
      </Field>
      <div>
        <Field label="Password" error={fieldError("password")}>
          {(aria) => (
            <PasswordInput
              {...aria}
              name="password"
              autoComplete="new-password"
              value={form.password}
              onChange={set("password")}
              className="h-10"
            />
          )}
        </Field>
        <PasswordNeeds password={form.password} />
      </div>
      <Button type="submit" size="lg" className="mt-1" pending={register.isPending} disabled={!ready}>
        Create account
      </Button>
    </form>
  );
}
