import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";

export interface ResetPasswordInput {
  token: string;
  password: string;
}

/** Chooses a new password by what a mail carried, and ends every session. */
export const resetPassword = (input: ResetPasswordInput) =>
  api<undefined>("/auth/reset-password", { method: "POST", body: input });

export function useResetPassword() {
  const client = useQueryClient();
  return useMutation({ mutationFn: resetPassword, onSuccess: () => client.clear() });
}
