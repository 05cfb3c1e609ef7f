import { Plus } from "lucide-react";
import { SettingsNav } from "@/app/shell/settings-nav";
import { ManagersOnly } from "@/components/managers-only";
import { Page } from "@/components/page";
import { Button } from "@/components/ui/button";
import { CreateKeyDialog } from "@/features/api-keys/components/create-key-dialog";
import { KeyList } from "@/features/api-keys/components/key-list";

export function ApiKeysRoute() {
  const create = (
    <CreateKeyDialog
      trigger={
        <Button>
          <Plus /> Create key
        </Button>
      }
    />
  );
  return (
    <Page
      above={<SettingsNav />}
      title="API keys"
      description="For programs that work with your account. Each may do only what you choose."
      actions={<ManagersOnly>{create}</ManagersOnly>}
    >
      <KeyList createButton={null} />
    </Page>
  );
}
