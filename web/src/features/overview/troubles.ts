import type { Execution, Gateway, Install, Trouble } from "@/lib/api-types";

/** A trouble with the place where it can be put right. */
export interface PlacedTrouble {
  key: string;
  trouble: Trouble;
  /** Whose trouble it is. */
  subject: string;
  place: { to: "gateway"; id: string } | { to: "plugin"; slug: string } | { to: "execution"; id: string };
}

const A_DAY_MS = 86_400_000;

/**
 * Everything that stands still or goes wrong now: gateways in error, paused installs, and the newest failure of each plugin
 * and cause within a day. A run that failed because of its gateway is not told twice.
 */
export function collectTroubles(
  gateways: Gateway[],
  installs: Install[],
  failed: Execution[],
  now = Date.now(),
): PlacedTrouble[] {
  const troubles: PlacedTrouble[] = [];
  for (const gateway of gateways) {
    if (gateway.status !== "error" || !gateway.status_reason) continue;
    troubles.push({
      key: `gateway/${gateway.id}`,
      trouble: gateway.status_reason,
      subject: gateway.name,
      place: { to: "gateway", id: gateway.id },
    });
  }
  for (const install of installs) {
    if (install.state !== "paused" || !install.state_reason) continue;
    troubles.push({
      key: `plugin/${install.plugin.slug}`,
      trouble: install.state_reason,
      subject: install.plugin.name,
      place: { to: "plugin", slug: install.plugin.slug },
    });
  }
  const told = new Set<string>();
  for (const execution of failed) {
    const { trouble, plugin } = execution;
    if (!trouble || now - Date.parse(execution.created_at) > A_DAY_MS) continue;
    const cause = `${plugin?.slug ?? "gateway"}/${trouble.code}`;
    const known = troubles.some((one) => one.trouble.code === trouble.code && one.place.to === "gateway");
    if (told.has(cause) || known) continue;
    told.add(cause);
    troubles.push({
      key: `execution/${execution.id}`,
      trouble,
      subject: plugin?.name ?? execution.gateway?.name ?? "A run",
      place: { to: "execution", id: execution.id },
    });
  }
  return troubles;
}
