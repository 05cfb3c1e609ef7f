import { useMutation, useQueryClient } from "@tanstack/react-query";
import { installsQuery } from "@/api/get-installs";
import { installQuery } from "@/features/plugins/api/get-install";
import { api, path } from "@/lib/api-client";
import { queryKeys } from "@/lib/query-keys";

/** Takes a plugin away, with all data that it kept. */
export const uninstallPlugin = (slug: string) =>
  api<undefined>(path`/user/plugins/${slug}/uninstall`, { method: "POST" });

export function useUninstallPlugin(slug: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => uninstallPlugin(slug),
    onSuccess: () => {
      client.setQueryData(installsQuery.queryKey, (installs) =>
        installs?.filter((one) => one.plugin.slug !== slug),
      );
      client.removeQueries({ queryKey: installQuery(slug).queryKey });
      for (const queryKey of [queryKeys.plugins, queryKeys.workspace, queryKeys.analytics]) {
        void client.invalidateQueries({ queryKey });
      }
    },
  });
}
