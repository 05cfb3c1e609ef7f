import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";

/** Confirms an address by what a mail carried. */
export const verifyEmail = (token: string) =>
  api<undefined>("/auth/verify-email", { method: "POST", body: { token } });

export function useVerifyEmail() {
  const client = useQueryClient();
  return useMutation({ mutationFn: verifyEmail, onSuccess: () => client.invalidateQueries() });
}
