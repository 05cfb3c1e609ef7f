import { useMutation } from "@tanstack/react-query";
import { api } from "@/lib/api-client";

/** Asks for a mail by which a new password can be chosen. The answer does not tell whether the address has an account. */
export const forgotPassword = (email: string) =>
  api<undefined>("/auth/forgot-password", { method: "POST", body: { email } });

export const useForgotPassword = () => useMutation({ mutationFn: forgotPassword });
