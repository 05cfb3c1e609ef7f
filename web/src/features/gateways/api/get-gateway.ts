import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { Gateway } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export const getGateway = (id: string, signal?: AbortSignal) =>
  api<Gateway>(path`/gateways/${id}`, { signal });

export const gatewayQuery = (id: string) =>
  queryOptions({
    queryKey: [...queryKeys.gateways, "one", id],
    queryFn: ({ signal }) => getGateway(id, signal),
    // A connection attempt ends within seconds; should its live update be lost, this finds out.
    refetchInterval: (query) => (query.state.data?.status === "connecting" ? 3_000 : false),
  });

export const useGateway = (id: string) => useQuery(gatewayQuery(id));
