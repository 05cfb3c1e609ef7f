import { expect, test, type Locator, type Page } from "@playwright/test";
import { Webhook } from "standardwebhooks";
import { beginGateway } from "../support/steps.ts";
import { TEST_COMPONENTS, withProduct } from "./product.ts";
import { Receiver } from "./receiver.ts";
import { Tenant } from "./tenant.ts";
import type { Gateway } from "../../src/lib/api-types.ts";

let receiver: Receiver;

const product = withProduct(async () => {
  receiver = await Receiver.start();
  return { TWOBOT_PLUGINS_DIR: TEST_COMPONENTS, TWOBOT_EGRESS_ALLOW: receiver.target };
});
test.afterAll(() => receiver.stop());

/** Posts a document as a sender does that uses the library of Standard Webhooks. */
async function post(address: string, secret: string, id: string, body: string): Promise<number> {
  const now = new Date();
  const answer = await fetch(address, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
      "webhook-signature": new Webhook(secret).sign(id, now, body),
    },
    body,
  });
  return answer.status;
}

/** Takes a text with its copy button. */
async function copied(page: Page, button: Locator): Promise<string> {
  await button.click();
  return page.evaluate(() => navigator.clipboard.readText());
}

test("a person connects a service, and sees what it sends and what it gets", async ({ page, context }) => {
  test.setTimeout(120_000);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const tenant = await Tenant.register(product());
  await tenant.signIn(page);

  const dialog = await beginGateway(page, /^Web hook/, "Orders");
  await dialog.getByLabel("Address to send to").fill(`http://${receiver.target}/hooks`);
  const generate = dialog.getByRole("button", { name: "Generate" });
  await generate.first().click();
  const secret = await copied(page, dialog.getByRole("button", { name: "Copy secret" }));
  expect(secret).toMatch(/^whsec_/);
  await generate.last().click();
  const signing = await copied(page, dialog.getByRole("button", { name: "Copy secret" }).last());
  expect(signing).not.toBe(secret);
  await dialog.getByRole("button", { name: "Save and connect" }).click();
  await expect(dialog.getByTestId("gateway-test-ok")).toContainText(receiver.target);
  await dialog.getByRole("button", { name: "Done" }).click();

  // The gateway's page follows.
  const address = await copied(page, page.getByRole("button", { name: "Copy webhook address" }));
  expect(address).toContain(`${product().url}/api/webhooks/web-hook/`);
  const line = await copied(page, page.getByRole("button", { name: "Copy curl line" }));
  expect(line).toContain(address);
  expect(line).not.toContain(secret);

  const { items } = await tenant.get<{ items: Gateway[] }>("/gateways");
  const gateway = items[0]?.id ?? "";
  await tenant.install("witness", { sources: [gateway] });
  await tenant.install("probe", { channels: [gateway] });

  // What arrives.
  const body = JSON.stringify({ type: "order.paid", data: { id: 7 } });
  expect(await post(address, secret, "msg_1", body)).toBe(200);
  expect(await post(address, secret, "msg_1", body)).toBe(200);
  expect(await post(address, signing, "msg_2", body)).toBe(401);
  const arrived = page.getByTestId("inbound-delivery");
  await expect(arrived).toHaveCount(1);
  await expect(arrived).toContainText("Accepted");
  await expect(arrived).toContainText("msg_1");
  await arrived.getByText("What it says").click();
  await expect(arrived).toContainText("order.paid");
  const { counts } = await tenant.gateway(gateway);
  expect(counts).toMatchObject({ accepted: 1, duplicates: 1, refused: 1 });
  await expect(arrived.getByRole("link", { name: "1 run" })).toBeVisible();
  expect((await tenant.executions("&plugin=witness")).map((run) => run.event_kind)).toEqual(["provider"]);

  // What goes out: a document that is waited for, and a message that is queued and refused for a moment.
  const document = { type: "order.shipped", data: { id: 7 } };
  const call = { gateway, operation: "deliver", arguments: JSON.stringify(document) };
  await tenant.post("/user/plugins/probe/actions/script", { input: { steps: [{ perform_call: call }] } });
  receiver.answers.push(500);
  await tenant.post("/user/plugins/probe/actions/script", {
    input: { steps: [{ send: { gateway, text: "shipped" } }] },
  });
  await tenant.settled();
  const told = receiver.arrived.map(({ body, headers }) => new Webhook(signing).verify(body, headers));
  const message = { type: "message", conversation: "1", text: "shipped", format: "plain" };
  expect(told).toEqual([document, message, message]);
  const ids = receiver.arrived.map(({ headers }) => headers["webhook-id"]);
  expect(ids[1]).toBe(ids[2]);
  expect(ids[0]).not.toBe(ids[1]);
  const first = receiver.arrived[0];
  expect(() => new Webhook(secret).verify(first?.body ?? "", first?.headers ?? {})).toThrow();

  await page.getByRole("tab", { name: "Sent" }).click();
  const sent = page.getByTestId("outbound-delivery");
  await expect(sent).toHaveCount(2);
  await expect(sent.first()).toContainText("Delivered");
  await expect(sent.first()).toContainText("HTTP 204 · 2 tries");
  await expect(sent.last()).toContainText("HTTP 204 · 1 try");
  await sent.first().getByRole("link", { name: "its run" }).click();
  await expect(page).toHaveURL(/\/activity\//);
});
