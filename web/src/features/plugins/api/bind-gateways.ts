import type { Bindings } from "@/features/plugins/api/install-plugin";
import { useInstallChange } from "@/features/plugins/api/use-install-change";
import { api, path } from "@/lib/api-client";
import type { Install } from "@/lib/api-types";

export const bindGateways = (slug: string, etag: string, gateways: Bindings) =>
  api<Install>(path`/user/plugins/${slug}/gateways`, { method: "POST", body: { gateways }, ifMatch: etag });

export const useBindGateways = (slug: string) =>
  useInstallChange(slug, ({ etag, gateways }: { etag: string; gateways: Bindings }) =>
    bindGateways(slug, etag, gateways),
  );
