import { useMe } from "@/api/get-me";
import { useMay } from "@/api/use-may";
import { SettingsNav } from "@/app/shell/settings-nav";
import { Page } from "@/components/page";
import { Card } from "@/components/ui/card";
import { CloseAccount } from "@/features/account/components/close-account";
import { ExportAccount } from "@/features/account/components/export-account";

export function DataRoute() {
  const { tenant } = useMe();
  const may = useMay();
  return (
    <Page above={<SettingsNav />} title="Your data" description="Take a copy of everything, or delete it.">
      {may.own ? (
        <div className="grid gap-6">
          <ExportAccount />
          {tenant.closes_at === null && <CloseAccount />}
        </div>
      ) : (
        <Card className="p-5 text-sm text-muted-foreground">
          Only the owner of this account can take a copy of everything, or delete it.
        </Card>
      )}
    </Page>
  );
}
