import { ErrorState } from "@/components/error-state";
import { ConfirmDialog } from "@/components/ui/alert-dialog";
import { Button } from "@/components/ui/button";
import { useRevokeSessions } from "@/features/auth/api/revoke-session";

/** Ends every session of the account, after asking once more. */
export function SignOutEverywhere({ onSignedOut }: { onSignedOut: () => void }) {
  const revoke = useRevokeSessions();
  return (
    <ConfirmDialog
      trigger={
        <Button variant="outline" size="sm">
          Sign out everywhere
        </Button>
      }
      title="Sign out everywhere?"
      description="Every session of your account ends, this one with them. Your bots keep working."
      confirmLabel="Sign out everywhere"
      error={revoke.error && <ErrorState error={revoke.error} />}
      onConfirm={() => revoke.mutateAsync(undefined, { onSuccess: onSignedOut })}
    />
  );
}
