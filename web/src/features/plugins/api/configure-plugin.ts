import { useInstallChange } from "@/features/plugins/api/use-install-change";
import { api, path } from "@/lib/api-client";
import type { Install, JsonObject } from "@/lib/api-types";

/** Changes settings; null removes one. */
export const configurePlugin = (slug: string, etag: string, config: JsonObject) =>
  api<Install>(path`/user/plugins/${slug}/config`, { method: "PATCH", body: { config }, ifMatch: etag });

export const useConfigurePlugin = (slug: string) =>
  useInstallChange(slug, ({ etag, config }: { etag: string; config: JsonObject }) =>
    configurePlugin(slug, etag, config),
  );
