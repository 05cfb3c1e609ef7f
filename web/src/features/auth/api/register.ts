import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { SignedIn } from "@/lib/api-types";

export interface RegisterInput {
  name: string;
  email: string;
  password: string;
}

/** Makes an account with a tenant of its own, and signs in. */
export const register = (input: RegisterInput) =>
  api<SignedIn>("/auth/register", { method: "POST", body: input });

export function useRegister() {
  const client = useQueryClient();
  return useMutation({ mutationFn: register, onSuccess: () => client.clear() });
}
