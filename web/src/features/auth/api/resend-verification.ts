import { useMutation } from "@tanstack/react-query";
import { api } from "@/lib/api-client";

/** Asks for the mail that confirms one's address once more. The links before stay good. */
export const resendVerification = () => api<undefined>("/auth/verify-email/resend", { method: "POST" });

export const useResendVerification = () => useMutation({ mutationFn: resendVerification });
