import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogTrigger } from "@/components/ui/dialog";
import { useRenewRecoveryCodes } from "@/features/auth/api/change-two-factor";
import { ProofForm } from "@/features/auth/components/two-factor/proof-form";
import { RecoveryCodesStep } from "@/features/auth/components/two-factor/recovery-codes";

/** Makes new recovery codes. */
export function RenewDialog() {
  const [open, setOpen] = useState(false);
  const renew = useRenewRecoveryCodes();
  const codes = renew.data?.recovery_codes;

  function change(to: boolean) {
    setOpen(to);
    renew.reset();
  }

  return (
    <Dialog open={open} onOpenChange={change}>
      <DialogTrigger asChild>
        <Button variant="outline">New recovery codes…</Button>
      </DialogTrigger>
      <DialogContent title="New recovery codes" description="Those before are worth nothing then.">
        {codes ? (
          <RecoveryCodesStep codes={codes} onDone={() => change(false)} />
        ) : (
          <ProofForm
            label="Make new codes"
            tone="primary"
            pending={renew.isPending}
            error={renew.error}
            onSubmit={(proof) => renew.mutate(proof)}
          />
        )}
      </DialogContent>
    </Dialog>
  );
}
