import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";

/** Asks for the deletion of the account, which the present password confirms. */
export const closeAccount = (password: string) =>
  api<{ closes_at: string }>("/users/me", { method: "DELETE", body: { password } });

/** Calls it off. */
export const keepAccount = () => api<undefined>("/users/me/keep", { method: "POST" });

/** What stands there changes everywhere: the workspace stops, and gateways are switched off. */
function useChange<Input, Output>(mutationFn: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation({ mutationFn, onSuccess: () => client.invalidateQueries() });
}

export const useCloseAccount = () => useChange(closeAccount);

export const useKeepAccount = () => useChange(keepAccount);
