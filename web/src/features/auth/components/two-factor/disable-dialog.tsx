import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogTrigger } from "@/components/ui/dialog";
import { toast } from "@/components/ui/toaster";
import { useDisableTwoFactor } from "@/features/auth/api/change-two-factor";
import { ProofForm } from "@/features/auth/components/two-factor/proof-form";

/** Turns two-factor sign-in off. */
export function DisableDialog() {
  const [open, setOpen] = useState(false);
  const disable = useDisableTwoFactor();

  function change(to: boolean) {
    setOpen(to);
    disable.reset();
  }

  return (
    <Dialog open={open} onOpenChange={change}>
      <DialogTrigger asChild>
        <Button variant="outline">Turn it off…</Button>
      </DialogTrigger>
      <DialogContent title="Turn two-factor sign-in off?" description="The password alone signs in then.">
        <ProofForm
          label="Turn it off"
          tone="danger"
          pending={disable.isPending}
          error={disable.error}
          onSubmit={(proof) =>
            disable.mutate(proof, {
              onSuccess: () => {
                change(false);
                toast.success("Two-factor sign-in is off", "The password alone signs in now.");
              },
            })
          }
        />
      </DialogContent>
    </Dialog>
  );
}
