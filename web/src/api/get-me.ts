import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { Me } from "@/lib/api-types";
import { writeAsIn } from "@/lib/format";
import { queryKeys } from "@/lib/query-keys";

/** Who is signed in, and for which tenant. From then on dates and numbers are written as they chose. */
export async function getMe(signal?: AbortSignal): Promise<Me> {
  const me = await api<Me>("/auth/me", { signal });
  writeAsIn(me.language, me.time_zone);
  return me;
}

export const meQuery = queryOptions({
  queryKey: queryKeys.me,
  queryFn: ({ signal }) => getMe(signal),
  staleTime: 5 * 60_000,
});

/** For pages behind the sign-in: the router has loaded it before they are shown. */
export const useMe = () => useSuspenseQuery(meQuery).data;
