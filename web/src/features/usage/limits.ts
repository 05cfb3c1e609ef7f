import type { LimitHit, UsageReport, Workspace } from "@/lib/api-types";

/** The figures that a plan limits, as far as the API names their limits. `today` and `month` are reports of those days. */
export function limitsUsed(today?: UsageReport, month?: UsageReport, workspace?: Workspace): LimitHit[] {
  const limits = today?.limits ?? month?.limits;
  const tokens = month ? month.totals.ai_tokens_in + month.totals.ai_tokens_out : 0;
  const rows: [name: string, used: number | undefined, allowed: number | null | undefined, unit: string][] = [
    ["Executions today", today?.totals.executions, limits?.executions_per_day, ""],
    ["AI tokens this month", tokens, limits?.ai_tokens_per_month, ""],
    ["Storage", workspace?.storage_bytes, limits?.storage_bytes, "bytes"],
    ["Gateways", workspace?.counts.gateways, limits?.gateways, ""],
    ["Plugins", workspace?.counts.plugins, limits?.plugins, ""],
  ];
  return rows.flatMap(([name, used, allowed, unit]) =>
    used !== undefined && typeof allowed === "number" ? [{ name, used, allowed, unit }] : [],
  );
}
