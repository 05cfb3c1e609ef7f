import { useMutation, useQueryClient } from "@tanstack/react-query";
import { gatewayQuery } from "@/features/gateways/api/get-gateway";
import { api, path } from "@/lib/api-client";
import type { Gateway } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** Connects a gateway, or takes it off. */
export const connectGateway = (id: string, connect: boolean) =>
  api<Gateway>(`${path`/gateways/${id}`}/${connect ? "connect" : "disconnect"}`, { method: "POST" });

export function useConnectGateway(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (connect: boolean) => connectGateway(id, connect),
    onSuccess: (gateway) => {
      client.setQueryData(gatewayQuery(id).queryKey, gateway);
      return client.invalidateQueries({ queryKey: queryKeys.gateways });
    },
  });
}
