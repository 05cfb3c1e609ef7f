import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { CodeInput } from "@/features/auth/api/sign-in";
import { api } from "@/lib/api-client";
import type { RecoveryCodes, TwoFactorSetup } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export type ProofInput = CodeInput & { password: string };

const post = <Answer>(path: string, body: object) =>
  api<Answer>(`/user/two-factor/${path}`, { method: "POST", body });

/** Asks for what an authenticator is to be given. Nothing changes by it. */
export const beginTwoFactor = (password: string) => post<TwoFactorSetup>("setup", { password });

/** Turns it on by a code of that authenticator. */
export const confirmTwoFactor = (code: string) => post<RecoveryCodes>("confirm", { code });

/** Makes new recovery codes; those before are worth nothing then. */
export const renewRecoveryCodes = (proof: ProofInput) => post<RecoveryCodes>("recovery-codes", proof);

/** Turns it off. */
export const disableTwoFactor = (proof: ProofInput) => post<undefined>("disable", proof);

/** A change after which the state is asked for again. */
function useChange<Input, Answer>(mutationFn: (input: Input) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () => client.invalidateQueries({ queryKey: queryKeys.twoFactor }),
  });
}

export const useBeginTwoFactor = () => useMutation({ mutationFn: beginTwoFactor });
export const useConfirmTwoFactor = () => useChange(confirmTwoFactor);
export const useRenewRecoveryCodes = () => useChange(renewRecoveryCodes);
export const useDisableTwoFactor = () => useChange(disableTwoFactor);
