import { useMe } from "@/api/get-me";
import { SettingsNav } from "@/app/shell/settings-nav";
import { Page } from "@/components/page";
import { CloseAccount } from "@/features/account/components/close-account";
import { ExportAccount } from "@/features/account/components/export-account";

export function DataRoute() {
  const { tenant } = useMe();
  return (
    <Page above={<SettingsNav />} title="Your data" description="Take a copy of everything, or delete it.">
      <div className="grid gap-6">
        <ExportAccount />
        {tenant.closes_at === null && <CloseAccount />}
      </div>
    </Page>
  );
}
