import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import type { Gateway, JsonObject } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export interface CreateGatewayInput {
  kind: string;
  name: string;
  credentials: JsonObject;
  config: JsonObject;
}

/** Saves a gateway; the server then connects it in the background. */
export const createGateway = (input: CreateGatewayInput) =>
  api<Gateway>("/gateways", { method: "POST", body: input });

export function useCreateGateway() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: createGateway,
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: queryKeys.gateways });
      void client.invalidateQueries({ queryKey: queryKeys.workspace });
    },
  });
}
