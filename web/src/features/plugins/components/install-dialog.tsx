import { useState, type FormEvent, type ReactNode } from "react";
import { useGateways } from "@/api/get-gateways";
import { ErrorState } from "@/components/error-state";
import { hasFields, SchemaForm } from "@/components/schema-form/schema-form";
import { defaultOf, isObject } from "@/components/schema-form/schema";
import { errorsBelow, validate, type FieldErrors } from "@/components/schema-form/validate";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogContent, DialogFooter, DialogTrigger } from "@/components/ui/dialog";
import { toast } from "@/components/ui/toaster";
import { useInstallPlugin, type Bindings } from "@/features/plugins/api/install-plugin";
import { PermissionChoice } from "@/features/plugins/components/permissions";
import { obviousBindings, SlotPicker } from "@/features/plugins/components/slot-picker";
import { ApiError } from "@/lib/api-error";
import type { Gateway, Install, JsonObject, Plugin } from "@/lib/api-types";

interface InstallDialogProps {
  plugin: Plugin;
  trigger: ReactNode;
  onInstalled: (install: Install) => void;
}

/** Shows what a plugin asks for, lets its gateways and settings be chosen, and installs it. */
export function InstallDialog({ plugin, trigger, onInstalled }: InstallDialogProps) {
  const [open, setOpen] = useState(false);
  const gateways = useGateways();
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger asChild>{trigger}</DialogTrigger>
      <DialogContent title={`Install ${plugin.name}`} description={plugin.summary}>
        <InstallForm
          // The obvious choices can be made once the gateways are there.
          key={gateways.data ? "ready" : "loading"}
          plugin={plugin}
          gateways={gateways.data ?? []}
          onInstalled={(install) => {
            setOpen(false);
            onInstalled(install);
          }}
        />
      </DialogContent>
    </Dialog>
  );
}

interface InstallFormProps {
  plugin: Plugin;
  gateways: Gateway[];
  onInstalled: (install: Install) => void;
}

function InstallForm({ plugin, gateways, onInstalled }: InstallFormProps) {
  const [bindings, setBindings] = useState<Bindings>(() => obviousBindings(plugin.gateway_slots, gateways));
  const [config, setConfig] = useState<JsonObject>(() => startConfig(plugin));
  const [grants, setGrants] = useState(plugin.capabilities);
  const [errors, setErrors] = useState<FieldErrors>({});
  const [settingsOpen, setSettingsOpen] = useState(
    () => Object.keys(validate(plugin.config_schema, startConfig(plugin))).length > 0,
  );
  const install = useInstallPlugin(plugin.slug);
  const missing = plugin.gateway_slots.filter((slot) => slot.required && !bindings[slot.name]?.length);

  function submit(event: FormEvent) {
    event.preventDefault();
    const wrong = validate(plugin.config_schema, config);
    setErrors(wrong);
    if (Object.keys(wrong).length > 0) setSettingsOpen(true);
    else void send();
  }

  // Awaited rather than called back: once the plugin is installed, the card with this dialog may go before it is told.
  async function send() {
    try {
      const made = await install.mutateAsync({ config, gateways: bindings, grants });
      toast.success(
        `${plugin.name} is installed`,
        made.state === "enabled" ? "It is at work already." : "Choose its gateways, then enable it.",
      );
      onInstalled(made);
    } catch (error) {
      const found = error instanceof ApiError ? errorsBelow("config", error.fields) : {};
      setErrors(found);
      if (Object.keys(found).length > 0) setSettingsOpen(true);
    }
  }

  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-1 flex-col">
      <DialogBody className="grid gap-6">
        <section>
          <h3 className="mb-3 text-[0.8125rem] font-semibold">Allow it to</h3>
          <PermissionChoice plugin={plugin} value={grants} onChange={setGrants} />
        </section>
        {plugin.gateway_slots.length > 0 && (
          <section>
            <h3 className="mb-3 text-[0.8125rem] font-semibold">On these gateways</h3>
            <SlotPicker slots={plugin.gateway_slots} value={bindings} onChange={setBindings} />
          </section>
        )}
        {hasFields(plugin.config_schema) && (
          <details
            open={settingsOpen}
            onToggle={(event) => setSettingsOpen(event.currentTarget.open)}
            className="rounded-xl border px-4 py-3"
          >
            <summary className="text-[0.8125rem] font-semibold select-none">
              Settings <span className="font-normal text-muted-foreground">(you can change them later)</span>
            </summary>
            <div className="pt-4 pb-1">
              <SchemaForm schema={plugin.config_schema} value={config} onChange={setConfig} errors={errors} />
            </div>
          </details>
        )}
        {install.error && <ErrorState error={install.error} />}
      </DialogBody>
      <DialogFooter>
        {missing.length > 0 && (
          <p className="mr-auto text-xs text-muted-foreground">
            Without a gateway it is installed but not enabled.
          </p>
        )}
        <Button type="submit" pending={install.isPending}>
          Allow and install
        </Button>
      </DialogFooter>
    </form>
  );
}

function startConfig(plugin: Plugin): JsonObject {
  const value = defaultOf(plugin.config_schema, plugin.config_schema);
  return { ...(isObject(value) ? value : {}), ...plugin.default_config };
}
