import { useInstallChange } from "@/features/plugins/api/use-install-change";
import { api, path } from "@/lib/api-client";
import type { Install } from "@/lib/api-types";

/** Enabling also takes a paused install up again. */
export const setPluginEnabled = (slug: string, enabled: boolean) =>
  api<Install>(`${path`/user/plugins/${slug}`}/${enabled ? "enable" : "disable"}`, { method: "POST" });

export const useSetPluginEnabled = (slug: string) =>
  useInstallChange(slug, (enabled: boolean) => setPluginEnabled(slug, enabled));
