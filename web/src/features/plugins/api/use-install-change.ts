import { useMutation, useQueryClient } from "@tanstack/react-query";
import { installQuery } from "@/features/plugins/api/get-install";
import type { Install } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** A request that answers with the changed install: puts it where the pages look for it. */
export function useInstallChange<Input>(slug: string, change: (input: Input) => Promise<Install>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (install) => {
      client.setQueryData(installQuery(slug).queryKey, install);
      for (const queryKey of [
        queryKeys.installs,
        queryKeys.plugins,
        queryKeys.workspace,
        queryKeys.analytics,
      ]) {
        void client.invalidateQueries({ queryKey });
      }
    },
    // Somebody may have changed it meanwhile.
    onError: () => client.invalidateQueries({ queryKey: installQuery(slug).queryKey }),
  });
}
