import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { copyText } from "@/lib/clipboard";

/** A text to take elsewhere, such as an address. */
export function CopyField({ value, label }: { value: string; label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <div className="flex min-w-0 items-center gap-1 rounded-lg border bg-muted/60 py-1 pr-1 pl-3">
      <code className="min-w-0 flex-1 [scrollbar-width:none] overflow-x-auto text-xs whitespace-nowrap select-all">
        {value}
      </code>
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label={copied ? "Copied" : `Copy ${label}`}
        onClick={() => void copyText(value).then(setCopied)}
      >
        {copied ? <Check className="text-success" /> : <Copy />}
      </Button>
    </div>
  );
}
