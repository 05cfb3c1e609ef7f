import { useMutation, useQueryClient } from "@tanstack/react-query";
import { gatewayQuery } from "@/features/gateways/api/get-gateway";
import { api, path } from "@/lib/api-client";
import type { Gateway, JsonObject } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export interface UpdateGatewayInput {
  /** The version that is changed. */
  etag: string;
  name?: string;
  /** Left out where none was typed: the stored ones stay. */
  credentials?: JsonObject;
  config?: JsonObject;
}

export const updateGateway = (id: string, { etag, ...body }: UpdateGatewayInput) =>
  api<Gateway>(path`/gateways/${id}`, { method: "PATCH", body, ifMatch: etag });

export function useUpdateGateway(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: UpdateGatewayInput) => updateGateway(id, input),
    onSuccess: (gateway) => {
      client.setQueryData(gatewayQuery(id).queryKey, gateway);
      return client.invalidateQueries({ queryKey: queryKeys.gateways });
    },
    // Somebody may have changed it meanwhile.
    onError: () => client.invalidateQueries({ queryKey: gatewayQuery(id).queryKey }),
  });
}
