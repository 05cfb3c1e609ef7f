import { useInstallChange } from "@/features/plugins/api/use-install-change";
import { api, path } from "@/lib/api-client";
import type { Capability, Install, JsonObject } from "@/lib/api-types";

/** The ids of the gateways that are bound to each slot. */
export type Bindings = Record<string, string[]>;

export interface InstallPluginInput {
  config: JsonObject;
  gateways: Bindings;
  /** What the tenant has seen and agreed to. */
  grants: Capability[];
}

export const installPlugin = (slug: string, input: InstallPluginInput) =>
  api<Install>(path`/user/plugins/${slug}/install`, { method: "POST", body: input });

export const useInstallPlugin = (slug: string) =>
  useInstallChange(slug, (input: InstallPluginInput) => installPlugin(slug, input));
