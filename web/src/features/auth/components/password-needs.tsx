import { Check, Circle } from "lucide-react";
import { PASSWORD_RULES } from "@/features/auth/password-rules";
import { cn } from "@/lib/utils";

/** What the server asks of a password, and which of it a text has. */
export function PasswordNeeds({ password }: { password: string }) {
  return (
    <ul className="mt-2.5 grid gap-1 text-xs sm:grid-cols-2" aria-label="What the password needs">
      {PASSWORD_RULES.map((rule) => {
        const met = rule.met(password);
        return (
          <li
            key={rule.label}
            className={cn("flex items-center gap-1.5", met ? "text-success" : "text-muted-foreground")}
          >
            {met ? (
              <Check aria-hidden className="size-3.5" />
            ) : (
              <Circle aria-hidden className="size-3.5 p-0.5" />
            )}
            {rule.label}
            <span className="sr-only">{met ? "(met)" : "(missing)"}</span>
          </li>
        );
      })}
    </ul>
  );
}
