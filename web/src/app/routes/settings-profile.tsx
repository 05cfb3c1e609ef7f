import { useQuery } from "@tanstack/react-query";
import { SettingsNav } from "@/app/shell/settings-nav";
import { Page } from "@/components/page";
import { QueryState } from "@/components/query-state";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { ConfirmAddress } from "@/features/auth/components/confirm-address";
import { profileQuery } from "@/features/profile/api/get-profile";
import { ProfileForm } from "@/features/profile/components/profile-form";

export function ProfileRoute() {
  const query = useQuery(profileQuery);
  return (
    <Page
      above={<SettingsNav />}
      title="Profile"
      description="How you are called, and how dates, numbers and times are shown."
    >
      <div className="grid grid-cols-1 gap-6">
        <ConfirmAddress />
        <Card>
          <CardHeader title="About you" />
          <CardBody>
            <QueryState query={query} skeleton={<Skeleton className="h-64" />}>
              {(profile) => <ProfileForm profile={profile} />}
            </QueryState>
          </CardBody>
        </Card>
      </div>
    </Page>
  );
}
