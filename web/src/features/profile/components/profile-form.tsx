import { useState, type FormEvent } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { toast } from "@/components/ui/toaster";
import { useChangeProfile } from "@/features/profile/api/change-profile";
import { exampleOf, languages } from "@/features/profile/languages";
import { browserZone, zones } from "@/features/profile/time-zones";
import { ApiError } from "@/lib/api-error";
import type { Profile } from "@/lib/api-types";

/** How one is called, and how dates, numbers and times are shown. */
export function ProfileForm({ profile }: { profile: Profile }) {
  const [name, setName] = useState(profile.name);
  const [language, setLanguage] = useState(profile.language);
  const [zone, setZone] = useState(profile.time_zone ?? "");
  const change = useChangeProfile();
  const fields = change.error instanceof ApiError ? change.error.fields : [];
  const wrong = (field: string) => fields.find((problem) => problem.field === field)?.message;
  const isChanged =
    name !== profile.name || language !== profile.language || zone !== (profile.time_zone ?? "");

  function submit(event: FormEvent) {
    event.preventDefault();
    change.mutate(
      { name, language, time_zone: zone === "" ? null : zone },
      {
        onSuccess: (saved) => {
          setName(saved.name);
          toast.success("Your profile was saved");
        },
      },
    );
  }

  return (
    <form onSubmit={submit} className="grid max-w-md gap-4" noValidate>
      {change.error && fields.length === 0 && <ErrorState error={change.error} />}
      <Field label="Name" error={wrong("name")}>
        {(aria) => (
          <Input
            {...aria}
            name="name"
            autoComplete="name"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field
        label="Email"
        hint={
          profile.email_verified
            ? "With it you sign in. It is confirmed."
            : "With it you sign in. It is not confirmed yet."
        }
      >
        {(aria) => <Input {...aria} name="email" type="email" value={profile.email} disabled />}
      </Field>
      <Field
        label="Language of dates and numbers"
        error={wrong("language")}
        hint={
          <>
            They look like this: {exampleOf(language)}. All words, here and in mails, are English whatever you
            choose.
          </>
        }
      >
        {(aria) => (
          <Select
            {...aria}
            className="w-full"
            name="language"
            value={language}
            onChange={(event) => setLanguage(event.target.value)}
          >
            {languages(profile.language).map(({ tag, name: own }) => (
              <option key={tag} value={tag} lang={tag}>
                {own}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field
        label="Time zone"
        error={wrong("time_zone")}
        hint="The dashboard shows times in it. Days of usage and limits are always in UTC."
      >
        {(aria) => (
          <Select
            {...aria}
            className="w-full"
            name="time_zone"
            value={zone}
            onChange={(event) => setZone(event.target.value)}
          >
            <option value="">As in this browser ({browserZone()})</option>
            {zones(profile.time_zone).map((one) => (
              <option key={one} value={one}>
                {one.replaceAll("_", " ")}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Button
        type="submit"
        className="justify-self-start"
        pending={change.isPending}
        disabled={!isChanged || name.trim() === ""}
      >
        Save
      </Button>
    </form>
  );
}
