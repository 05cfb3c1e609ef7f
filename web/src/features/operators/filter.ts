import type { MailState, Workspace } from "@/lib/api-types";

export interface TenantFilter {
  /** Part of a name or of an address. */
  text?: string;
  state?: Workspace["state"];
  plan?: string;
}

export interface MailFilter {
  state?: MailState;
  /** The whole address. */
  to?: string;
}

export const TENANT_STATES: readonly Workspace["state"][] = ["running", "stopped", "suspended"];
export const MAIL_STATES: readonly MailState[] = ["waiting", "sent", "shown", "failed"];

const text = (value: unknown) => (typeof value === "string" && value.length <= 100 ? value : "");
const one = <Name extends string>(names: readonly Name[], value: unknown) =>
  names.find((name) => name === value);

/** Keeps what is a filter in an address, and drops the rest. */
export function readTenantFilter(search: Record<string, unknown>): TenantFilter {
  const state = one(TENANT_STATES, search.state);
  return {
    ...(text(search.text) && { text: text(search.text) }),
    ...(state && { state }),
    ...(/^[\w-]+$/.test(text(search.plan)) && { plan: text(search.plan) }),
  };
}

export function readMailFilter(search: Record<string, unknown>): MailFilter {
  const state = one(MAIL_STATES, search.state);
  return { ...(state && { state }), ...(text(search.to) && { to: text(search.to) }) };
}
