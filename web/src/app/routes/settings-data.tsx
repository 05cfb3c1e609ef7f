import { useMe } from "@/api/get-me";
import { Page } from "@/components/page";
import { CloseAccount } from "@/features/account/components/close-account";
import { ExportAccount } from "@/features/account/components/export-account";

export function DataRoute() {
  const { tenant } = useMe();
  return (
    <Page title="Your data" description="Take a copy of everything, or delete it.">
      <div className="grid gap-6">
        <ExportAccount />
        {tenant.closes_at === null && <CloseAccount />}
      </div>
    </Page>
  );
}
