import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { SignedIn } from "@/lib/api-types";

export interface SignInInput {
  email: string;
  password: string;
}

/** Opens a session; the server keeps it in a cookie that scripts can not read. */
export const signIn = (input: SignInInput) => api<SignedIn>("/auth/login", { method: "POST", body: input });

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: signIn,
    // Nothing of who was signed in before may be shown to who is now.
    onSuccess: () => client.clear(),
  });
}
