import { expect, test } from "vitest";
import { readAuditFilter } from "@/features/audit-log/filter";
import { auditSentence } from "@/features/audit-log/words";
import type { AuditEntry } from "@/lib/api-types";

const ENTRY: AuditEntry = {
  id: "0199",
  at: "2026-01-31T12:00:00.000Z",
  actor: { kind: "user", id: "1", name: "Ada" },
  action: "plugin.install",
  target: { kind: "plugin", id: "auto-reply", name: "Auto-reply" },
  outcome: "success",
  detail: {},
  request_id: null,
  address: null,
};

function said(change: Partial<AuditEntry>): string {
  const { who, did, what, more } = auditSentence({ ...ENTRY, ...change });
  return [who, did, what].filter(Boolean).join(" ") + (more && ` – ${more}`);
}

test("entries are told in plain words", () => {
  const plugin = { kind: "plugin", id: "9", name: "Probe" } as const;
  const system = { kind: "system", id: null, name: "2Bot" } as const;
  const user = { kind: "user", id: "1", name: "Ada" };
  const cases: [Partial<AuditEntry>, string][] = [
    [
      { detail: { version: "1.0.0", granted: ["storage", "ai"] } },
      "Ada installed Auto-reply – It may keep data of its own and ask AI.",
    ],
    [{ detail: { granted: [] } }, "Ada installed Auto-reply – It was allowed nothing."],
    [{ outcome: "denied" }, "Ada tried to install Auto-reply – The plan allows no more plugins."],
    [
      {
        action: "apikey.create",
        target: { kind: "apikey", id: "3", name: "Deploy" },
        detail: { scopes: ["read:plugins", "write:plugins"] },
      },
      "Ada made the API key Deploy – read:plugins and write:plugins",
    ],
    [
      { action: "apikey.create", target: { kind: "apikey", id: "", name: "Deploy" }, outcome: "denied" },
      "Ada tried to make the API key Deploy – The plan allows no more keys.",
    ],
    [
      { action: "apikey.rotate", target: { kind: "apikey", id: "3", name: "Deploy" } },
      "Ada gave a new secret to the API key Deploy",
    ],
    [
      { action: "apikey.revoke", target: { kind: "apikey", id: "3", name: "Deploy" } },
      "Ada revoked the API key Deploy",
    ],
    [
      { action: "auth.login", target: user, outcome: "failure", detail: { step: "code" } },
      "Someone tried to sign in as Ada – The code was wrong.",
    ],
    [
      { action: "auth.login", target: user, detail: { second_step: "recovery_code" } },
      "Ada signed in – With a recovery code.",
    ],
    [{ action: "auth.login", target: user, detail: { second_step: "code" } }, "Ada signed in"],
    [{ action: "auth.two_factor_enable", target: user }, "Ada turned two-factor sign-in on"],
    [
      { action: "auth.two_factor_disable", target: user, outcome: "failure" },
      "Ada tried to turn two-factor sign-in off – The password was wrong.",
    ],
    [
      { action: "auth.two_factor_disable", target: user, actor: system },
      "2Bot turned two-factor sign-in off for Ada – By the operator of this server.",
    ],
    [
      { action: "plugin.grant", detail: { granted: ["storage"], refused: ["send", "ai"] } },
      "Ada decided what may be done by Auto-reply – It may keep data of its own. It may not send messages or ask AI.",
    ],
    [
      { action: "plugin.configure", detail: { settings: ["welcome_text"] } },
      "Ada changed settings of Auto-reply – Changed: “Welcome text”.",
    ],
    [{ action: "plugin.configure", detail: { gateways: {} } }, "Ada chose the gateways of Auto-reply"],
    [
      { action: "plugin.disable", actor: system, detail: { reason: "permissions_needed" } },
      "2Bot paused Auto-reply – Its new version asks for more. It is off until that is decided.",
    ],
    [
      { action: "gateway.update", detail: { name: true, credentials: true, settings: [] } },
      "Ada changed the gateway Auto-reply – Changed: its name and its credentials.",
    ],
    [{ action: "auth.login", target: user }, "Ada signed in"],
    [
      { action: "auth.login", target: user, outcome: "failure" },
      "Someone tried to sign in as Ada – The password was wrong.",
    ],
    [
      {
        action: "capability.denied",
        actor: plugin,
        outcome: "denied",
        target: { kind: "capability", id: "http:api.example.org", name: "http:api.example.org" },
        detail: { count: 3 },
      },
      "Probe was not allowed to call api.example.org – tried 3 times in one run",
    ],
    [
      { action: "dead_letter.retry", target: { kind: "execution", id: "7", name: "auto-reply" } },
      "Ada ran again a failed run of auto-reply",
    ],
    [
      { action: "dead_letter.edit", target: { kind: "delivery", id: "7", name: "delivery" } },
      "Ada corrected and ran again a delivery that was not understood",
    ],
    [
      {
        action: "dead_letter.discard",
        target: { kind: "dead_letters", id: "", name: "dead letters" },
        detail: { count: 200 },
      },
      "Ada discarded 200 things that had failed",
    ],
    // What a newer server records is told by its name.
    [{ action: "billing.subscribe" }, "Ada billing subscribe: Auto-reply"],
  ];
  for (const [change, expected] of cases) expect(said(change)).toBe(expected);
});

test("an address keeps what is a filter and nothing else", () => {
  const actor = "01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11";
  const whole = { action: "plugin", actor, outcome: "denied", from: "2026-01-01", to: "2026-01-31" };
  expect(readAuditFilter({ ...whole, other: "x" })).toEqual(whole);
  expect(readAuditFilter({ action: "dead_letter.retry" })).toEqual({ action: "dead_letter.retry" });
  expect(readAuditFilter({ action: "Plugin!", actor: "me", outcome: "no", from: "x", to: 7 })).toEqual({});
  expect(readAuditFilter({ from: "2026-02-01", to: "2026-01-31" })).toEqual({ from: "2026-02-01" });
});
