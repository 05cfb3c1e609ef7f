import { Check, Copy, Download, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { DialogBody, DialogFooter } from "@/components/ui/dialog";
import { copyText } from "@/lib/clipboard";

/** Recovery codes, shown this once, with ways to keep them. */
export function RecoveryCodesStep({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const [copied, setCopied] = useState(false);
  const text = codes.join("\n");

  function download() {
    const address = URL.createObjectURL(
      new Blob([`2Bot recovery codes\n\n${text}\n`], { type: "text/plain" }),
    );
    const link = document.createElement("a");
    link.href = address;
    link.download = "2bot-recovery-codes.txt";
    link.click();
    URL.revokeObjectURL(address);
  }

  return (
    <>
      <DialogBody className="grid gap-4">
        <p className="text-sm">Each of these gets you in once where you do not have your authenticator.</p>
        <ul
          aria-label="Recovery codes"
          className="grid grid-cols-1 gap-x-6 gap-y-1.5 rounded-lg border bg-muted/60 px-4 py-3 font-mono text-sm select-all min-[26rem]:grid-cols-2"
        >
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <div className="flex flex-wrap gap-2">
          <Button variant="outline" size="sm" onClick={() => void copyText(text).then(setCopied)}>
            {copied ? <Check className="text-success" /> : <Copy />} {copied ? "Copied" : "Copy"}
          </Button>
          <Button variant="outline" size="sm" onClick={download}>
            <Download /> Download
          </Button>
        </div>
        <p className="flex gap-2.5 rounded-lg bg-warning-soft px-3 py-2.5 text-[0.8125rem]" role="status">
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
          <span>Keep them where you find them without your phone. They can not be shown again.</span>
        </p>
      </DialogBody>
      <DialogFooter>
        <Button onClick={onDone}>I have kept them</Button>
      </DialogFooter>
    </>
  );
}
