import { MoreHorizontal, Pencil, RefreshCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { ErrorState } from "@/components/error-state";
import { ConfirmDialog } from "@/components/ui/alert-dialog";
import { Button } from "@/components/ui/button";
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuSeparator,
  DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";
import { useRevokeApiKey } from "@/features/api-keys/api/revoke-api-key";
import { RenameKeyDialog } from "@/features/api-keys/components/rename-key-dialog";
import { RotateKeyDialog } from "@/features/api-keys/components/rotate-key-dialog";
import type { ApiKey } from "@/lib/api-types";

type Doing = "rename" | "rotate" | "revoke";

/** What can be done with a key. */
export function KeyActions({ apiKey }: { apiKey: ApiKey }) {
  const [doing, setDoing] = useState<Doing | null>(null);
  const revoke = useRevokeApiKey(apiKey.id);
  const dialog = (what: Doing) => ({
    open: doing === what,
    onOpenChange: (open: boolean) => setDoing(open ? what : null),
  });
  return (
    <>
      <DropdownMenu>
        <DropdownMenuTrigger asChild>
          <Button variant="ghost" size="icon" aria-label={`Actions for ${apiKey.name}`}>
            <MoreHorizontal />
          </Button>
        </DropdownMenuTrigger>
        <DropdownMenuContent align="end">
          <DropdownMenuItem onSelect={() => setDoing("rename")}>
            <Pencil /> Rename…
          </DropdownMenuItem>
          <DropdownMenuItem disabled={apiKey.expired} onSelect={() => setDoing("rotate")}>
            <RefreshCw /> New secret…
          </DropdownMenuItem>
          <DropdownMenuSeparator />
          <DropdownMenuItem tone="danger" onSelect={() => setDoing("revoke")}>
            <Trash2 /> Revoke…
          </DropdownMenuItem>
        </DropdownMenuContent>
      </DropdownMenu>
      <RenameKeyDialog key={apiKey.name} apiKey={apiKey} {...dialog("rename")} />
      <RotateKeyDialog apiKey={apiKey} {...dialog("rotate")} />
      <ConfirmDialog
        {...dialog("revoke")}
        title={`Revoke “${apiKey.name}”?`}
        description="Programs that use it are refused from now on. This can not be undone."
        confirmLabel="Revoke key"
        error={revoke.error && <ErrorState error={revoke.error} />}
        onConfirm={() => revoke.mutateAsync()}
      />
    </>
  );
}
