import { useQuery } from "@tanstack/react-query";
import { useMe } from "@/api/get-me";
import { SettingsNav } from "@/app/shell/settings-nav";
import { Page } from "@/components/page";
import { QueryState } from "@/components/query-state";
import { Card, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { profileQuery } from "@/features/profile/api/get-profile";
import { MailChoices } from "@/features/profile/components/mail-choices";

export function NotificationsRoute() {
  const { user } = useMe();
  const query = useQuery(profileQuery);
  return (
    <Page
      above={<SettingsNav />}
      title="Notifications"
      description="The bell at the top tells you everything. Here you choose what comes by mail, too."
    >
      <Card>
        <CardHeader title="Mails" description={`To ${user.email}`} />
        <QueryState query={query} skeleton={<Skeleton className="h-44" />} className="m-5">
          {(profile) => <MailChoices profile={profile} />}
        </QueryState>
      </Card>
    </Page>
  );
}
