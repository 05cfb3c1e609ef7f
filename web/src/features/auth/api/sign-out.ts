import { useMutation } from "@tanstack/react-query";
import { api } from "@/lib/api-client";

/** Ends the session. The app forgets what it has loaded once the page behind the sign-in is gone. */
export const signOut = () => api<undefined>("/auth/logout", { method: "POST" });

export const useSignOut = () => useMutation({ mutationFn: signOut });
