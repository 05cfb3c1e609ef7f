import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test, vi } from "vitest";
import { PermissionChoice } from "@/features/plugins/components/permissions";
import { UpgradeCard } from "@/features/plugins/components/upgrade-card";
import type { Install, Plugin } from "@/lib/api-types";

const PLUGIN = {
  slug: "helper",
  name: "Helper",
  subscriptions: ["message"],
  capabilities: ["storage", "send", "http:api.example.org"],
} as Plugin;

test("each permission can be refused, and the choice keeps the plugin's own order", async () => {
  const chosen: string[][] = [];
  function Form() {
    const [value, setValue] = useState(PLUGIN.capabilities);
    return (
      <PermissionChoice
        plugin={PLUGIN}
        value={value}
        onChange={(next) => {
          chosen.push(next);
          setValue(next);
        }}
      />
    );
  }
  render(<Form />);
  expect(screen.queryByRole("status")).toBeNull();
  await userEvent.click(screen.getByRole("checkbox", { name: "Keep data of its own" }));
  // What it loses by that is said.
  expect(screen.getByRole("status").textContent).toContain("may not work");
  await userEvent.click(screen.getByRole("checkbox", { name: "Call api.example.org" }));
  await userEvent.click(screen.getByRole("checkbox", { name: "Keep data of its own" }));
  expect(chosen).toEqual([["send", "http:api.example.org"], ["send"], ["storage", "send"]]);
});

test("a new version that asks for more is allowed that, or goes on without", async () => {
  const install = {
    id: "1",
    plugin: PLUGIN,
    version: "2.0.0",
    state: "paused",
    grants: ["storage"],
    undecided: ["http:api.example.org"],
  } as unknown as Install;
  const sent: unknown[] = [];
  vi.stubGlobal(
    "fetch",
    vi.fn((url: string, { method, body }: RequestInit) => {
      sent.push([method, url, JSON.parse(body as string)]);
      return Promise.resolve(new Response(JSON.stringify({ ...install, undecided: [] })));
    }),
  );
  render(
    <QueryClientProvider client={new QueryClient()}>
      <UpgradeCard install={install} />
    </QueryClientProvider>,
  );
  expect(screen.getByText("Version 2.0.0 asks for more")).toBeDefined();
  expect(screen.getByText("Call api.example.org")).toBeDefined();
  // `send` was refused once: neither answer brings it back.
  await userEvent.click(screen.getByRole("button", { name: "Allow" }));
  await userEvent.click(screen.getByRole("button", { name: "Go on without" }));
  const url = "/api/v1/user/plugins/helper/grants";
  expect(sent).toEqual([
    ["PUT", url, { grants: ["storage", "http:api.example.org"] }],
    ["PUT", url, { grants: ["storage"] }],
  ]);
});
