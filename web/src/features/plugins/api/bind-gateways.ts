import type { Bindings } from "@/features/plugins/api/install-plugin";
import { useInstallChange } from "@/features/plugins/api/use-install-change";
import { api, path } from "@/lib/api-client";
import type { Install } from "@/lib/api-types";

export const bindGateways = (slug: string, gateways: Bindings) =>
  api<Install>(path`/user/plugins/${slug}/gateways`, { method: "POST", body: { gateways } });

export const useBindGateways = (slug: string) =>
  useInstallChange(slug, (gateways: Bindings) => bindGateways(slug, gateways));
