import { useId } from "react";
import { Checkbox } from "@/components/ui/checkbox";
import { FieldError } from "@/components/ui/field";
import { SCOPES } from "@/features/api-keys/scope-words";
import type { ApiScope } from "@/lib/api-types";

interface ScopeChoiceProps {
  value: ApiScope[];
  onChange: (scopes: ApiScope[]) => void;
  error?: string | null;
}

/** What a key may do, each in plain words. */
export function ScopeChoice({ value, onChange, error }: ScopeChoiceProps) {
  const id = useId();
  return (
    <fieldset aria-describedby={error ? `${id}-error` : undefined}>
      <legend className="mb-1.5 text-[0.8125rem] font-medium">What it may do</legend>
      <ul className="grid gap-1">
        {SCOPES.map(({ scope, title, text }) => (
          <li key={scope}>
            <label className="-mx-2 flex cursor-pointer items-start gap-3 rounded-lg px-2 py-1.5 hover:bg-accent/60">
              <Checkbox
                aria-label={title}
                aria-describedby={`${id}-${scope}`}
                className="mt-0.5"
                checked={value.includes(scope)}
                onCheckedChange={(checked) =>
                  onChange(
                    SCOPES.map((one) => one.scope).filter((one) =>
                      one === scope ? checked === true : value.includes(one),
                    ),
                  )
                }
              />
              <span className="min-w-0">
                <span className="block text-sm font-medium">{title}</span>
                <span id={`${id}-${scope}`} className="block text-xs text-muted-foreground">
                  {text}
                </span>
              </span>
            </label>
          </li>
        ))}
      </ul>
      {error && (
        <div className="mt-1.5">
          <FieldError id={`${id}-error`}>{error}</FieldError>
        </div>
      )}
    </fieldset>
  );
}
