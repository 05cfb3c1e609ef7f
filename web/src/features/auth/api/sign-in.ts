import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { LoginChallenge, SignedIn } from "@/lib/api-types";

export interface SignInInput {
  email: string;
  password: string;
}

/** A code of the authenticator, or a recovery code. */
export type CodeInput = { code: string } | { recovery_code: string };

/** Opens a session, which the server keeps in a cookie that scripts can not read; or begins one that takes a code, too. */
export const signIn = (input: SignInInput) =>
  api<SignedIn | LoginChallenge>("/auth/login", { method: "POST", body: input });

/** The second step. */
export const finishSignIn = (input: CodeInput & { challenge: string }) =>
  api<SignedIn>("/auth/login/two-factor", { method: "POST", body: input });

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: signIn,
    // Nothing of who was signed in before may be shown to who is now.
    onSuccess: () => client.clear(),
  });
}

export function useFinishSignIn() {
  const client = useQueryClient();
  return useMutation({ mutationFn: finishSignIn, onSuccess: () => client.clear() });
}
