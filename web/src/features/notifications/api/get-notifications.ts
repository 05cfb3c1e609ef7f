import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { Notification, Page } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** The newest notices of plugins and the platform. */
export const getNotifications = (signal?: AbortSignal) =>
  api<Page<Notification>>("/notifications", { query: { limit: 50 }, signal }).then((page) => page.items);

export const notificationsQuery = queryOptions({
  queryKey: queryKeys.notifications,
  queryFn: ({ signal }) => getNotifications(signal),
});

export const useNotifications = () => useQuery(notificationsQuery);
