import { useState } from "react";
import { CopyField } from "@/components/copy-field";
import { Button } from "@/components/ui/button";
import { type FieldAria } from "@/components/ui/field";
import { PasswordInput } from "@/components/ui/password-input";

/** Bytes of a secret that is made here: as many as its signatures have. */
const BYTES = 32;

/** A new secret in the form of Standard Webhooks: by chance, never seen by anyone but the person in front of this page. */
export function makeSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}

interface SecretInputProps {
  aria: FieldAria;
  value: string;
  placeholder?: string;
  /** Whether a secret can be made here, instead of coming from elsewhere. */
  canGenerate: boolean;
  onChange: (text: string) => void;
}

/** A secret that is typed, or made and then copied to where it is needed as well. */
export function SecretInput({ aria, value, placeholder, canGenerate, onChange }: SecretInputProps) {
  const [made, setMade] = useState<string | null>(null);
  const input = (
    <PasswordInput
      {...aria}
      autoComplete="off"
      spellCheck={false}
      value={value}
      placeholder={placeholder}
      onChange={(event) => onChange(event.target.value)}
    />
  );
  if (!canGenerate) return input;
  return (
    <div className="grid gap-2">
      <div className="grid grid-cols-[minmax(0,1fr)_auto] gap-2">
        {input}
        <Button
          variant="outline"
          onClick={() => {
            const secret = makeSecret();
            setMade(secret);
            onChange(secret);
          }}
        >
          Generate
        </Button>
      </div>
      {made !== null && made === value && (
        <div className="grid gap-1.5" aria-live="polite">
          <CopyField value={made} label="secret" />
          <p className="text-xs text-muted-foreground">
            Copy it now, for the other side. It is shown once only.
          </p>
        </div>
      )}
    </div>
  );
}
