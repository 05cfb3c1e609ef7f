import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";

interface CodeFieldProps {
  /** Whether it is a recovery code that is asked for. */
  recovery: boolean;
  value: string;
  onChange: (value: string) => void;
  error?: string;
  autoFocus?: boolean;
}

/** A code of an authenticator, which phones and password managers fill in, or a recovery code. */
export function CodeField({ recovery, value, onChange, error, autoFocus }: CodeFieldProps) {
  return (
    <Field
      label={recovery ? "Recovery code" : "Code"}
      hint={
        recovery
          ? "One of those that you kept. It works once."
          : "The six digits that your authenticator shows."
      }
      error={error}
    >
      {(aria) => (
        <Input
          {...aria}
          key={recovery ? "recovery" : "code"}
          name={recovery ? "recovery-code" : "code"}
          autoComplete={recovery ? "off" : "one-time-code"}
          inputMode={recovery ? "text" : "numeric"}
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          autoFocus={autoFocus}
          maxLength={recovery ? 40 : 10}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          className="h-10 font-mono tracking-wider"
        />
      )}
    </Field>
  );
}
