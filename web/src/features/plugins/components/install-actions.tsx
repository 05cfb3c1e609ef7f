import { MoreHorizontal, Trash2 } from "lucide-react";
import { useState } from "react";
import { ErrorState } from "@/components/error-state";
import { ConfirmDialog } from "@/components/ui/alert-dialog";
import { Button } from "@/components/ui/button";
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";
import { toast } from "@/components/ui/toaster";
import { useSetPluginEnabled } from "@/features/plugins/api/set-plugin-enabled";
import { useUninstallPlugin } from "@/features/plugins/api/uninstall-plugin";
import type { Install } from "@/lib/api-types";

/** What can be done with an installed plugin as a whole. */
export function InstallActions({ install, onUninstalled }: { install: Install; onUninstalled: () => void }) {
  const { plugin } = install;
  const [confirming, setConfirming] = useState(false);
  const setEnabled = useSetPluginEnabled(plugin.slug);
  const uninstall = useUninstallPlugin(plugin.slug);
  const enabled = install.state === "enabled";
  // Its page asks for the decision; until then the server would refuse.
  const undecided = !enabled && install.undecided.length > 0;
  return (
    <>
      <Button
        variant={enabled ? "outline" : "primary"}
        pending={setEnabled.isPending}
        disabled={undecided}
        onClick={() =>
          setEnabled.mutate(!enabled, {
            onError: (error) =>
              toast.error(enabled ? "It could not be disabled" : "It could not be enabled", error.message),
          })
        }
      >
        {enabled ? "Disable" : "Enable"}
      </Button>
      <DropdownMenu>
        <DropdownMenuTrigger asChild>
          <Button variant="outline" size="icon" aria-label="More actions">
            <MoreHorizontal />
          </Button>
        </DropdownMenuTrigger>
        <DropdownMenuContent align="end">
          <DropdownMenuItem tone="danger" onSelect={() => setConfirming(true)}>
            <Trash2 /> Uninstall…
          </DropdownMenuItem>
        </DropdownMenuContent>
      </DropdownMenu>
      <ConfirmDialog
        open={confirming}
        onOpenChange={setConfirming}
        title={`Uninstall ${plugin.name}?`}
        description="It stops at once, and its settings and all data that it kept are deleted. This can not be undone."
        confirmLabel="Uninstall"
        error={uninstall.error && <ErrorState error={uninstall.error} />}
        onConfirm={() => uninstall.mutateAsync().then(onUninstalled)}
      />
    </>
  );
}
