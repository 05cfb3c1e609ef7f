import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { MailFilter } from "@/features/operators/filter";
import { api, path } from "@/lib/api-client";
import type { MailDetail, MailSummary, Page } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** The mails of the outbox, newest first. */
export const getMails = (filter: MailFilter, cursor?: string, signal?: AbortSignal) =>
  api<Page<MailSummary>>("/admin/mails", { query: { ...filter, limit: 50, cursor }, signal });

export const mailsQuery = (filter: MailFilter) =>
  infiniteQueryOptions({
    queryKey: [...queryKeys.operators, "mails", filter],
    queryFn: ({ signal, pageParam }) => getMails(filter, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const mailQuery = (id: string) =>
  queryOptions({
    queryKey: [...queryKeys.operators, "mail", id],
    queryFn: ({ signal }) => api<MailDetail>(path`/admin/mails/${id}`, { signal }),
  });

/** Lets a mail that was given up be tried again. */
export function useRetryMail() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api<MailSummary>(path`/admin/mails/${id}/retry`, { method: "POST" }),
    onSuccess: () => client.invalidateQueries({ queryKey: queryKeys.operators }),
  });
}
