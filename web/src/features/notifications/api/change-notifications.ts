import { useMutation, useQueryClient } from "@tanstack/react-query";
import { notificationsQuery } from "@/features/notifications/api/get-notifications";
import { api, path } from "@/lib/api-client";

/** Marks one notice, or all without an id, as read. */
export const markRead = (id?: string) =>
  id === undefined
    ? api<undefined>("/notifications/mark-all-read", { method: "POST" })
    : api<undefined>(path`/notifications/${id}/read`, { method: "PATCH", body: {} });

export const deleteNotification = (id: string) =>
  api<undefined>(path`/notifications/${id}`, { method: "DELETE" });

export function useMarkRead() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: markRead,
    onMutate: (id) =>
      client.setQueryData(notificationsQuery.queryKey, (notices) =>
        notices?.map((notice) => (id === undefined || notice.id === id ? { ...notice, read: true } : notice)),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: notificationsQuery.queryKey }),
  });
}

export function useDeleteNotification() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: deleteNotification,
    onMutate: (id) =>
      client.setQueryData(notificationsQuery.queryKey, (notices) =>
        notices?.filter((notice) => notice.id !== id),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: notificationsQuery.queryKey }),
  });
}
