import { useState } from "react";
import { ErrorState } from "@/components/error-state";
import { ConfirmDialog } from "@/components/ui/alert-dialog";
import { Button } from "@/components/ui/button";
import {
  Dialog,
  DialogBody,
  DialogClose,
  DialogContent,
  DialogFooter,
  DialogTrigger,
} from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useChangeTenant } from "@/features/operators/api/change-tenant";
import type { TenantDetail } from "@/lib/api-types";

/** Suspends a tenant, which needs a reason, or lets it go on. */
export function TenantActions({ tenant }: { tenant: TenantDetail }) {
  const change = useChangeTenant(tenant.id);
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  if (tenant.state === "suspended") {
    return (
      <ConfirmDialog
        trigger={<Button>Resume…</Button>}
        title={`Resume “${tenant.name}”?`}
        description="It goes on as it was before it was suspended, and handles what was kept meanwhile."
        confirmLabel="Resume"
        tone="primary"
        error={change.error && <ErrorState error={change.error} />}
        onConfirm={() => change.mutateAsync({ resume: true })}
      />
    );
  }
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger asChild>
        <Button variant="danger">Suspend…</Button>
      </DialogTrigger>
      <DialogContent
        title={`Suspend “${tenant.name}”?`}
        description="Nothing of it is worked on any more. What arrives is kept for a day and refused after that. Its people can still sign in and look."
      >
        <form
          noValidate
          className="flex min-h-0 flex-col"
          onSubmit={(event) => {
            event.preventDefault();
            change.mutate({ suspend: reason }, { onSuccess: () => setOpen(false) });
          }}
        >
          <DialogBody className="grid gap-4">
            {change.error && <ErrorState error={change.error} />}
            <Field label="Reason" hint="It stands in the tenant's audit log, which its people can read.">
              {(aria) => (
                <Input
                  {...aria}
                  maxLength={500}
                  value={reason}
                  onChange={(event) => setReason(event.target.value)}
                />
              )}
            </Field>
          </DialogBody>
          <DialogFooter>
            <DialogClose asChild>
              <Button variant="outline">Cancel</Button>
            </DialogClose>
            <Button type="submit" variant="danger" pending={change.isPending} disabled={reason.trim() === ""}>
              Suspend
            </Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
