import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { SettingsNav } from "@/app/shell/settings-nav";
import { Page } from "@/components/page";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { ChangePasswordForm } from "@/features/auth/components/change-password-form";
import { SessionList } from "@/features/auth/components/session-list";
import { SignOutEverywhere } from "@/features/auth/components/sign-out-everywhere";
import { TwoFactorCard } from "@/features/auth/components/two-factor/two-factor-card";

export function SecurityRoute() {
  const navigate = useNavigate();
  const client = useQueryClient();
  return (
    <Page
      above={<SettingsNav />}
      title="Security"
      description="How you sign in, and where you are signed in."
    >
      <div className="grid gap-6">
        <Card>
          <CardHeader
            title="Sessions"
            description="Each device where you are signed in. One that you do not know: sign it out, and change your password."
            action={
              <SignOutEverywhere
                onSignedOut={() => void navigate({ to: "/sign-in" }).then(() => client.clear())}
              />
            }
          />
          <SessionList />
        </Card>
        <TwoFactorCard />
        <Card>
          <CardHeader title="Password" description="Changing it signs you out everywhere else." />
          <CardBody>
            <ChangePasswordForm />
          </CardBody>
        </Card>
      </div>
    </Page>
  );
}
