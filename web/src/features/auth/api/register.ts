import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { SignedIn } from "@/lib/api-types";

export interface RegisterInput {
  name: string;
  email: string;
  password: string;
}

/**
 * Makes an account with a tenant of its own. Signs in where the server sends no mails; otherwise a mail is on its way, and the answer is
 * nothing, whether or not the address has an account.
 */
export const register = (input: RegisterInput) =>
  api<SignedIn | undefined>("/auth/register", { method: "POST", body: input });

export function useRegister() {
  const client = useQueryClient();
  return useMutation({ mutationFn: register, onSuccess: () => client.clear() });
}
