import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { Gateway, Page } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** All gateways of the tenant: plans allow few enough for one page. */
export const getGateways = (signal?: AbortSignal) =>
  api<Page<Gateway>>("/gateways", { query: { limit: 200 }, signal }).then((page) => page.items);

export const gatewaysQuery = queryOptions({
  queryKey: [...queryKeys.gateways, "list"],
  queryFn: ({ signal }) => getGateways(signal),
});

export const useGateways = () => useQuery(gatewaysQuery);
