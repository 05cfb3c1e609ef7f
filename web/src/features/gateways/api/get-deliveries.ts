import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { InboundDelivery, OutboundDelivery, Page } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** A page of a log, and how often it is asked for again: not everything that arrives makes a live update. */
const ROWS = 20;
const REFRESH_MS = 5_000;

export const getInbound = (gateway: string, cursor?: string, signal?: AbortSignal) =>
  api<Page<InboundDelivery>>(path`/gateways/${gateway}/deliveries/inbound`, {
    query: { limit: ROWS, cursor },
    signal,
  });

export const getOutbound = (gateway: string, cursor?: string, signal?: AbortSignal) =>
  api<Page<OutboundDelivery>>(path`/gateways/${gateway}/deliveries/outbound`, {
    query: { limit: ROWS, cursor },
    signal,
  });

/** What arrived, newest first. */
export const inboundQuery = (gateway: string) =>
  infiniteQueryOptions({
    queryKey: [...queryKeys.deliveries, gateway, "inbound"],
    queryFn: ({ signal, pageParam }) => getInbound(gateway, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: REFRESH_MS,
  });

/** What was posted, newest first. */
export const outboundQuery = (gateway: string) =>
  infiniteQueryOptions({
    queryKey: [...queryKeys.deliveries, gateway, "outbound"],
    queryFn: ({ signal, pageParam }) => getOutbound(gateway, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: REFRESH_MS,
  });
