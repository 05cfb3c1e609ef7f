import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import { queryKeys } from "@/lib/query-keys";

export interface ChangePasswordInput {
  current_password: string;
  new_password: string;
}

/** Replaces the password, and ends all other sessions. */
export const changePassword = (input: ChangePasswordInput) =>
  api<undefined>("/user/password", { method: "PUT", body: input });

export function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: changePassword,
    onSuccess: () => client.invalidateQueries({ queryKey: queryKeys.sessions }),
  });
}
