import { useInstallChange } from "@/features/plugins/api/use-install-change";
import { api, path } from "@/lib/api-client";
import type { Capability, Install } from "@/lib/api-types";

/** Decides on all that the plugin asks for now: what is not granted is refused. */
export const grantPlugin = (slug: string, etag: string, grants: Capability[]) =>
  api<Install>(path`/user/plugins/${slug}/grants`, { method: "PUT", body: { grants }, ifMatch: etag });

export const useGrantPlugin = (slug: string) =>
  useInstallChange(slug, ({ etag, grants }: { etag: string; grants: Capability[] }) =>
    grantPlugin(slug, etag, grants),
  );
