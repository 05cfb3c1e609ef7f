import { TriangleAlert } from "lucide-react";
import { CopyField } from "@/components/copy-field";
import { Button } from "@/components/ui/button";
import { DialogBody, DialogFooter } from "@/components/ui/dialog";

/** The secret of a key, shown this once. */
export function SecretStep({ token, onDone }: { token: string; onDone: () => void }) {
  return (
    <>
      <DialogBody className="grid gap-4">
        <CopyField value={token} label="the API key" />
        <p className="flex gap-2.5 rounded-lg bg-warning-soft px-3 py-2.5 text-[0.8125rem]" role="status">
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
          <span>
            Copy it now and keep it where only your program can read it. It is not kept here, and can not be
            shown again.
          </span>
        </p>
        <p className="text-[0.8125rem] text-muted-foreground">
          Your program sends it with every request, as{" "}
          <code className="text-xs">Authorization: Bearer 2bot_…</code>
        </p>
      </DialogBody>
      <DialogFooter>
        <Button onClick={onDone}>I have copied it</Button>
      </DialogFooter>
    </>
  );
}
