import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { GatewayTest } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** Asks the provider whether the connection works. */
export const testGateway = (id: string) => api<GatewayTest>(path`/gateways/${id}/test`, { method: "POST" });

export function useTestGateway() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: testGateway,
    onSettled: () => client.invalidateQueries({ queryKey: queryKeys.gateways }),
  });
}
