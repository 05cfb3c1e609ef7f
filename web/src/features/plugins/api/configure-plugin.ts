import { useInstallChange } from "@/features/plugins/api/use-install-change";
import { api, path } from "@/lib/api-client";
import type { Install, JsonObject } from "@/lib/api-types";

/** Changes settings; null removes one. */
export const configurePlugin = (slug: string, config: JsonObject) =>
  api<Install>(path`/user/plugins/${slug}/config`, { method: "PATCH", body: { config } });

export const useConfigurePlugin = (slug: string) =>
  useInstallChange(slug, (config: JsonObject) => configurePlugin(slug, config));
