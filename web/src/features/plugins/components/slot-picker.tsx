import { Link } from "@tanstack/react-router";
import { useGateways } from "@/api/get-gateways";
import { QueryState } from "@/components/query-state";
import { Checkbox } from "@/components/ui/checkbox";
import { Skeleton } from "@/components/ui/skeleton";
import type { Bindings } from "@/features/plugins/api/install-plugin";
import type { Gateway, GatewaySlot } from "@/lib/api-types";
import { humanize } from "@/lib/format";

interface SlotPickerProps {
  slots: GatewaySlot[];
  value: Bindings;
  onChange: (value: Bindings) => void;
}

/** Which gateways a plugin may use, slot by slot. */
export function SlotPicker({ slots, value, onChange }: SlotPickerProps) {
  const gateways = useGateways();
  return (
    <QueryState query={gateways} skeleton={<Skeleton className="h-16 rounded-xl" />}>
      {(all) => (
        <div className="grid gap-4">
          {slots.map((slot) => (
            <Slot
              key={slot.name}
              slot={slot}
              fitting={fittingGateways(slot, all)}
              chosen={value[slot.name] ?? []}
              onChange={(ids) => onChange({ ...value, [slot.name]: ids })}
            />
          ))}
        </div>
      )}
    </QueryState>
  );
}

interface SlotProps {
  slot: GatewaySlot;
  fitting: Gateway[];
  chosen: string[];
  onChange: (ids: string[]) => void;
}

function Slot({ slot, fitting, chosen, onChange }: SlotProps) {
  return (
    <fieldset>
      <legend className="mb-1.5 flex w-full items-baseline justify-between text-[0.8125rem] font-medium">
        {slot.title || humanize(slot.name)}
        {!slot.required && <span className="text-xs font-normal text-muted-foreground">Optional</span>}
      </legend>
      {fitting.length === 0 ? (
        <p className="rounded-lg border border-dashed px-3 py-2.5 text-[0.8125rem] text-muted-foreground">
          You have no gateway that fits
          {slot.kinds.length > 0 && ` (${slot.kinds.map(humanize).join(" or ")})`}.{" "}
          <Link to="/gateways" className="text-primary underline underline-offset-2">
            Add one
          </Link>
          {slot.required ? " to be able to enable the plugin." : "; the plugin also works without."}
        </p>
      ) : (
        <div className="grid gap-1.5">
          {fitting.map((gateway) => (
            <label
              key={gateway.id}
              className="flex cursor-pointer items-center gap-3 rounded-lg border px-3 py-2 text-sm has-data-[state=checked]:border-primary/50 has-data-[state=checked]:bg-brand-soft/50"
            >
              <Checkbox
                checked={chosen.includes(gateway.id)}
                onCheckedChange={(checked) =>
                  onChange(
                    checked === true ? [...chosen, gateway.id] : chosen.filter((id) => id !== gateway.id),
                  )
                }
              />
              <span className="min-w-0 flex-1 truncate">{gateway.name}</span>
              <span className="text-xs text-muted-foreground">{humanize(gateway.kind)}</span>
            </label>
          ))}
        </div>
      )}
    </fieldset>
  );
}

export function fittingGateways(slot: GatewaySlot, gateways: Gateway[]): Gateway[] {
  return gateways.filter((gateway) => slot.kinds.length === 0 || slot.kinds.includes(gateway.kind));
}

/** A required slot that only one gateway fits needs no asking; the others are left to their owner. */
export function obviousBindings(slots: GatewaySlot[], gateways: Gateway[]): Bindings {
  const bindings: Bindings = {};
  for (const slot of slots) {
    const fitting = fittingGateways(slot, gateways);
    if (slot.required && fitting.length === 1 && fitting[0]) bindings[slot.name] = [fitting[0].id];
  }
  return bindings;
}
