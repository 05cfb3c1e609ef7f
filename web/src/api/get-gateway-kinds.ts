import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { GatewayKind } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** The kinds of gateways that this server can run. */
export const getGatewayKinds = (signal?: AbortSignal) =>
  api<{ items: GatewayKind[] }>("/gateway-kinds", { signal }).then((page) => page.items);

export const gatewayKindsQuery = queryOptions({
  queryKey: queryKeys.gatewayKinds,
  queryFn: ({ signal }) => getGatewayKinds(signal),
  staleTime: Infinity,
});

export const useGatewayKinds = () => useQuery(gatewayKindsQuery);
