import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, path } from "@/lib/api-client";
import type { ActionResult, JsonObject } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

export const runAction = (slug: string, action: string, input: JsonObject) =>
  api<ActionResult>(path`/user/plugins/${slug}/actions/${action}`, { method: "POST", body: { input } });

export function useRunAction(slug: string, action: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: JsonObject) => runAction(slug, action, input),
    onSettled: () => client.invalidateQueries({ queryKey: queryKeys.executions }),
  });
}
