import { Eye } from "lucide-react";
import { Checkbox } from "@/components/ui/checkbox";
import { eventWords } from "@/features/plugins/words";
import type { Capability, Plugin } from "@/lib/api-types";
import { capabilityWords, type CapabilityWords } from "@/lib/capability-words";
import { inSentence } from "@/lib/format";

/** What a plugin asks for, in plain words. */
export function Permissions({ plugin }: { plugin: Plugin }) {
  if (plugin.subscriptions.length === 0 && plugin.capabilities.length === 0) return <AsksForNothing />;
  return (
    <ul className="grid gap-3">
      <Sees plugin={plugin} />
      {plugin.capabilities.map((capability) => (
        <li key={capability}>
          <Permission {...capabilityWords(capability)} />
        </li>
      ))}
    </ul>
  );
}

interface PermissionChoiceProps {
  plugin: Plugin;
  value: Capability[];
  onChange: (granted: Capability[]) => void;
}

/** What a plugin asks for, each to be allowed or not. */
export function PermissionChoice({ plugin, value, onChange }: PermissionChoiceProps) {
  if (plugin.subscriptions.length === 0 && plugin.capabilities.length === 0) return <AsksForNothing />;
  return (
    <div className="grid gap-3">
      <ul className="grid gap-1">
        <Sees plugin={plugin} />
        {plugin.capabilities.map((capability) => {
          const words = capabilityWords(capability);
          return (
            <li key={capability}>
              <label className="-mx-2 flex cursor-pointer items-center gap-3 rounded-lg px-2 py-1.5 hover:bg-accent/60">
                <Permission {...words} muted={!value.includes(capability)} />
                <Checkbox
                  aria-label={words.title}
                  checked={value.includes(capability)}
                  onCheckedChange={(checked) =>
                    onChange(
                      plugin.capabilities.filter((one) =>
                        one === capability ? checked === true : value.includes(one),
                      ),
                    )
                  }
                />
              </label>
            </li>
          );
        })}
      </ul>
      {plugin.capabilities.some((capability) => !value.includes(capability)) && (
        <p className="rounded-lg bg-warning-soft px-3 py-2 text-xs" role="status">
          The plugin asks for all of this. Without some of it, it may not work as it should.
        </p>
      )}
    </div>
  );
}

function AsksForNothing() {
  return <p className="text-sm text-muted-foreground">It asks for nothing.</p>;
}

/** That it hears what happens is decided by its gateways. */
function Sees({ plugin }: { plugin: Plugin }) {
  if (plugin.subscriptions.length === 0) return null;
  return (
    <li className="py-0.5">
      <Permission
        icon={Eye}
        title={`See ${inSentence(plugin.subscriptions.map(eventWords))}`}
        text="On the gateways that you choose, and on no other."
      />
    </li>
  );
}

export function Permission({ icon: Icon, title, text, muted }: CapabilityWords & { muted?: boolean }) {
  return (
    <div className="flex min-w-0 flex-1 gap-3">
      <span className="grid size-8 shrink-0 place-items-center rounded-lg bg-muted text-muted-foreground">
        <Icon aria-hidden className="size-4" />
      </span>
      <div className="min-w-0">
        <p className={muted ? "text-sm text-muted-foreground line-through" : "text-sm font-medium"}>
          {title}
        </p>
        <p className="text-xs text-muted-foreground">{text}</p>
      </div>
    </div>
  );
}
