import { expect, test } from "vitest";
import { curlLine, isAddressedByPeople, webhookAddress } from "@/features/gateways/web-hook";
import type { Gateway, GatewayKind } from "@/lib/api-types";

const ADDRESS = "https://bots.example.org/api/webhooks/web-hook/1";

test("the operator's address comes before the page's", () => {
  const gateway = { webhook_url: null, webhook_path: "/api/webhooks/web-hook/1" } as Gateway;
  expect(webhookAddress(gateway, "http://localhost:8080")).toBe(
    "http://localhost:8080/api/webhooks/web-hook/1",
  );
  expect(webhookAddress({ ...gateway, webhook_url: ADDRESS }, "http://localhost:8080")).toBe(ADDRESS);
  expect(webhookAddress({ ...gateway, webhook_path: null }, "http://localhost:8080")).toBeNull();
});

test("people tell the address where nobody else can", () => {
  const kind = (...ingress: GatewayKind["ingress"]) => ({ ingress }) as GatewayKind;
  expect(isAddressedByPeople(kind("webhook"))).toBe(true);
  expect(isAddressedByPeople(kind("polling", "webhook"))).toBe(false);
  expect(isAddressedByPeople(kind("internal"))).toBe(false);
});

test("each way to verify has its line, with a placeholder for the secret", () => {
  expect(curlLine(ADDRESS, { verification: "token" })).toContain("Authorization: Bearer YOUR_SECRET");
  expect(curlLine(ADDRESS, { verification: "token", header: "X-Gitlab-Token" })).toContain(
    "-H 'X-Gitlab-Token: YOUR_SECRET'",
  );
  expect(curlLine(ADDRESS, { verification: "hmac" })).toContain("X-Hub-Signature-256: sha256=");
  expect(curlLine(ADDRESS, { verification: "hmac", header: "X-Sign" })).toContain('"X-Sign: sha256=');
  for (const part of ["webhook-id: $id", "webhook-timestamp: $time", "webhook-signature: v1,$sign"]) {
    expect(curlLine(ADDRESS, { verification: "standard" })).toContain(part);
  }
});
