import { Eye } from "lucide-react";
import type { Plugin } from "@/lib/api-types";
import { capabilityWords, eventWords, inSentence } from "@/features/plugins/words";

/** What a plugin asks for, in plain words. */
export function Permissions({ plugin }: { plugin: Plugin }) {
  const reads = plugin.subscriptions.map(eventWords);
  if (reads.length === 0 && plugin.capabilities.length === 0) {
    return <p className="text-sm text-muted-foreground">It asks for nothing.</p>;
  }
  return (
    <ul className="grid gap-3">
      {reads.length > 0 && (
        <Permission
          icon={Eye}
          title={`See ${inSentence(reads)}`}
          text="On the gateways that you choose, and on no other."
        />
      )}
      {plugin.capabilities.map((capability) => (
        <Permission key={capability} {...capabilityWords(capability)} />
      ))}
    </ul>
  );
}

function Permission({ icon: Icon, title, text }: ReturnType<typeof capabilityWords>) {
  return (
    <li className="flex gap-3">
      <span className="grid size-8 shrink-0 place-items-center rounded-lg bg-muted text-muted-foreground">
        <Icon aria-hidden className="size-4" />
      </span>
      <div className="min-w-0">
        <p className="text-sm font-medium">{title}</p>
        <p className="text-xs text-muted-foreground">{text}</p>
      </div>
    </li>
  );
}
