import type { ApiScope } from "@/lib/api-types";

interface ScopeWords {
  scope: ApiScope;
  title: string;
  /** What it opens, in plain words. */
  text: string;
}

/**
 * What a key can be allowed, in the order in which it is offered. Scopes of workflows are missing until there are workflows: a key would be
 * given a right of which nobody knows yet what it opens.
 */
export const SCOPES: ScopeWords[] = [
  {
    scope: "read:gateways",
    title: "See gateways",
    text: "Your gateways, and what people write in web chats. Never their credentials.",
  },
  {
    scope: "write:gateways",
    title: "Change gateways",
    text: "Add, change, connect, test and delete gateways, and write in web chats.",
  },
  {
    scope: "read:plugins",
    title: "See plugins and what they did",
    text: "Installed plugins with their settings, their runs and logs, and what failed.",
  },
  {
    scope: "write:plugins",
    title: "Change plugins",
    text: "Install, configure and remove plugins, and decide what they may do.",
  },
  {
    scope: "execute:plugins",
    title: "Run plugins",
    text: "Run their actions, replay what they did, and run again what failed.",
  },
  {
    scope: "read:analytics",
    title: "See usage and reports",
    text: "What was used, what the plugins report, and how the workspace is.",
  },
];

/** A scope in a few words. */
export function scopeTitle(scope: ApiScope): string {
  return SCOPES.find((known) => known.scope === scope)?.title ?? scope;
}

/** When a key is to end, as it can be chosen: days from now; null for never. */
export const LIVES: { label: string; days: number | null }[] = [
  { label: "30 days", days: 30 },
  { label: "90 days", days: 90 },
  { label: "A year", days: 365 },
  { label: "When it is revoked", days: null },
];

export function endOf(days: number | null, now = Date.now()): string | null {
  return days === null ? null : new Date(now + days * 86_400_000).toISOString();
}

/** How long the old secret may go on to hold after a rotation, in seconds. */
export const GRACES: { label: string; seconds: number }[] = [
  { label: "Not at all", seconds: 0 },
  { label: "An hour", seconds: 3_600 },
  { label: "A day", seconds: 86_400 },
  { label: "A week", seconds: 604_800 },
];
