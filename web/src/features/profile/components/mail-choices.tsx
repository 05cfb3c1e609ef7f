import { useId } from "react";
import { ErrorState } from "@/components/error-state";
import { Switch } from "@/components/ui/switch";
import { useChangeProfile } from "@/features/profile/api/change-profile";
import type { Profile } from "@/lib/api-types";

type Kind = "limits" | "gateways" | "security";

const CHOICES: { kind: Kind; title: string; what: string }[] = [
  {
    kind: "limits",
    title: "Limits of your plan",
    what: "When 70, 85, 95 and 100 % of what your plan allows are used.",
  },
  {
    kind: "gateways",
    title: "Gateways that no longer work",
    what: "Once for each time that one goes down, with what happened.",
  },
  {
    kind: "security",
    title: "Security of your account",
    what: "Sign-ins from new devices, a new password, and copied sessions. These mails are always sent.",
  },
];

/** Of what a mail tells besides the dashboard. Each switch is saved at once. */
export function MailChoices({ profile }: { profile: Profile }) {
  const change = useChangeProfile();
  const asked = change.isPending ? change.variables.mails : undefined;
  return (
    <>
      {change.error && <ErrorState error={change.error} className="mx-5 mb-3" />}
      <ul className="divide-y border-t">
        {CHOICES.map(({ kind, title, what }) => (
          <Choice
            key={kind}
            title={title}
            what={what}
            checked={kind === "security" || (asked?.[kind] ?? profile.mails[kind])}
            disabled={kind === "security"}
            onChange={(on) => change.mutate({ mails: { [kind]: on } })}
          />
        ))}
      </ul>
    </>
  );
}

interface ChoiceProps {
  title: string;
  what: string;
  checked: boolean;
  disabled: boolean;
  onChange: (on: boolean) => void;
}

function Choice({ title, what, checked, disabled, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <li className="flex items-start justify-between gap-6 px-5 py-4">
      <div className="min-w-0">
        <label htmlFor={id} className="text-sm font-medium">
          {title}
        </label>
        <p id={`${id}-what`} className="text-[0.8125rem] text-muted-foreground">
          {what}
        </p>
      </div>
      <Switch
        id={id}
        className="mt-0.5"
        aria-describedby={`${id}-what`}
        checked={checked}
        disabled={disabled}
        onCheckedChange={onChange}
      />
    </li>
  );
}
