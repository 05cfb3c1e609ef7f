import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { DeadLetterDetail } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export const getDeadLetter = (id: string, signal?: AbortSignal) =>
  api<DeadLetterDetail>(path`/dead-letters/${id}`, { signal });

export const deadLetterQuery = (id: string) =>
  queryOptions({
    queryKey: [...queryKeys.deadLetters, "one", id],
    queryFn: ({ signal }) => getDeadLetter(id, signal),
  });

export const useDeadLetter = (id: string) => useQuery(deadLetterQuery(id));
