import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";

export interface VerifyEmailInput {
  token: string;
  /** The one that was chosen when registering, where the account waits for it. */
  password?: string;
}

/** Confirms an address by what a mail carried. */
export const verifyEmail = (input: VerifyEmailInput) =>
  api<undefined>("/auth/verify-email", { method: "POST", body: input });

export function useVerifyEmail() {
  const client = useQueryClient();
  return useMutation({ mutationFn: verifyEmail, onSuccess: () => client.invalidateQueries() });
}
