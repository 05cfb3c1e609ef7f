import { expect, test } from "vitest";
import { collectTroubles } from "@/features/overview/troubles";
import type { Execution, Gateway, Install, Trouble } from "@/lib/api-types";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const trouble = (code: string): Trouble => ({
  code,
  title: code,
  detail: "",
  advice: "",
  since: "2026-03-01T11:00:00Z",
});
const gateway = (over: Partial<Gateway>) =>
  ({ id: "g", name: "Shop bot", status: "error", ...over }) as Gateway;
const install = (over: Partial<Install>) => ({ plugin: { slug: "p", name: "P" }, ...over }) as Install;
const failed = (id: string, code: string, over: Partial<Execution> = {}) =>
  ({
    id,
    plugin: { slug: "p", name: "P" },
    trouble: trouble(code),
    created_at: "2026-03-01T11:00:00Z",
    ...over,
  }) as Execution;
const keys = (...args: [Gateway[], Install[], Execution[]]) =>
  collectTroubles(...args, NOW).map((one) => one.key);

test("tells gateways in error and paused installs, and nothing that is well", () => {
  expect(
    keys(
      [
        gateway({ status_reason: trouble("gateway_unauthorized") }),
        gateway({ id: "w", status: "connected", status_reason: null }),
      ],
      [
        install({ state: "paused", state_reason: trouble("trapped") }),
        install({ state: "disabled", state_reason: null }),
      ],
      [],
    ),
  ).toEqual(["gateway/g", "plugin/p"]);
});

test("tells a cause once per plugin, and only of the last day", () => {
  expect(
    keys(
      [],
      [],
      [
        failed("1", "fuel_exhausted"),
        failed("2", "fuel_exhausted"),
        failed("3", "trapped"),
        failed("4", "memory_exceeded", { created_at: "2026-02-20T11:00:00Z" }),
      ],
    ),
  ).toEqual(["execution/1", "execution/3"]);
});

test("does not tell a run's failure beside the gateway's own", () => {
  expect(
    keys(
      [gateway({ status_reason: trouble("gateway_unauthorized") })],
      [],
      [failed("1", "gateway_unauthorized")],
    ),
  ).toEqual(["gateway/g"]);
});
