import { queryOptions } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { TwoFactor } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** Whether signing in takes a code besides the password. */
export const getTwoFactor = (signal?: AbortSignal) => api<TwoFactor>("/user/two-factor", { signal });

export const twoFactorQuery = queryOptions({
  queryKey: queryKeys.twoFactor,
  queryFn: ({ signal }) => getTwoFactor(signal),
});
