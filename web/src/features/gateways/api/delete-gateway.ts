import { useMutation, useQueryClient } from "@tanstack/react-query";
import { gatewaysQuery } from "@/api/get-gateways";
import { gatewayQuery } from "@/features/gateways/api/get-gateway";
import { api, path } from "@/lib/api-client";
import { queryKeys } from "@/lib/query-keys";

export const deleteGateway = (id: string) => api<undefined>(path`/gateways/${id}`, { method: "DELETE" });

export function useDeleteGateway(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => deleteGateway(id),
    onSuccess: () => {
      // Asking for it again would be a 404: it only leaves the list.
      client.removeQueries({ queryKey: gatewayQuery(id).queryKey });
      client.setQueryData(gatewaysQuery.queryKey, (gateways) =>
        gateways?.filter((gateway) => gateway.id !== id),
      );
      void client.invalidateQueries({ queryKey: queryKeys.workspace });
      void client.invalidateQueries({ queryKey: queryKeys.installs });
    },
  });
}
