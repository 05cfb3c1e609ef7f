import { expect, test } from "@playwright/test";
import type { Gateway, Problem } from "../../src/lib/api-types.ts";
import { BotApi, post } from "./bot-api.ts";
import { withProduct } from "./product.ts";
import { deliver, expectHandledOnce, messageUpdate, withBot, type Bot } from "./telegram.ts";

let api: BotApi;
let bot: Bot;

const product = withProduct(async () => {
  api = await BotApi.start();
  return { TWOBOT_TELEGRAM_API_URL: api.url };
});
test.beforeEach(async () => {
  bot = await withBot(product(), api, "webhook");
});
test.afterAll(() => api.stop());

/** The webhook's address, with other names in it where they are given. */
const address = (connector = "telegram", id = bot.gateway.id) =>
  `${product().url}/api/webhooks/${connector}/${id}`;

const secret = () => api.webhooks.get(bot.token)?.secret_token;

const counts = async () => (await bot.tenant.gateway(bot.gateway.id)).counts;

async function expectProblem(answer: Response, status: number, code: string): Promise<void> {
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(((await answer.json()) as Problem).code).toBe(code);
}

/** Nothing of what was refused left a trace, and the webhook still works. */
async function expectUnharmed(refused: number): Promise<void> {
  expect(await counts()).toEqual({ accepted: 0, refused, duplicates: 0, not_handled: 0 });
  expect(await deliver(api, bot, messageUpdate("hello"))).toBe(200);
  await expectHandledOnce(api, bot);
  expect(await counts()).toMatchObject({ accepted: 1, refused });
}

test("who does not have the secret is turned away, and counted", async () => {
  const update = messageUpdate("hello");
  const right = secret() ?? "";
  const wrong = ["x".repeat(right.length), right.slice(1), `${right}x`, right.toUpperCase(), "", undefined];
  for (const given of wrong) {
    await expectProblem(await post(address(), given, update), 401, "invalid_webhook_secret");
  }
  // Another gateway's secret opens only that one.
  const other = await withBot(product(), api, "webhook");
  const others = api.webhooks.get(other.token)?.secret_token;
  await expectProblem(await post(address(), others, update), 401, "invalid_webhook_secret");
  await expectUnharmed(wrong.length + 1);
});

test("what is no update is turned away, and counted", async () => {
  const bodies = ["", "{", "not json", "null", "[]", "7", '{"message":{}}', '{"update_id":"7"}', "\u0000"];
  for (const body of bodies)
    await expectProblem(await post(address(), secret(), body), 400, "malformed_json");
  const cut = new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]);
  const headers = { "x-telegram-bot-api-secret-token": secret() ?? "" };
  await expectProblem(await fetch(address(), { method: "POST", headers, body: cut }), 400, "malformed_json");
  await expectUnharmed(bodies.length + 1);
});

test("a body that is too large is turned away, announced or not, and counted", async () => {
  const large = messageUpdate("x".repeat(1024 * 1024));
  await expectProblem(await post(address(), secret(), large), 413, "body_too_large");
  const stream = new Blob([large]).stream();
  const headers = { "x-telegram-bot-api-secret-token": secret() ?? "" };
  const unannounced = { method: "POST", headers, body: stream, duplex: "half" };
  await expectProblem(await fetch(address(), unannounced), 413, "body_too_large");
  await expectUnharmed(2);
});

test("an address that is not the gateway's is not there", async () => {
  const update = messageUpdate("hello");
  const nobody = "01890000-0000-7000-8000-000000000000";
  await expectProblem(await post(address("telegram", nobody), secret(), update), 404, "not_found");
  await expectProblem(await post(address("telegram", "no-id"), secret(), update), 404, "not_found");
  // A gateway that is there, by another provider's address.
  await expectProblem(await post(address("openai"), secret(), update), 404, "not_found");
  await expectProblem(await post(address("web-chat"), secret(), update), 404, "not_found");
  await expectUnharmed(2);
});

test("a gateway that is switched off takes nothing until it is switched on again", async () => {
  const before = { url: address(), secret: secret() };
  await bot.tenant.post<Gateway>(`/gateways/${bot.gateway.id}/disconnect`);
  expect(api.webhooks.has(bot.token)).toBe(false);
  await expectProblem(await post(before.url, before.secret, messageUpdate("hello")), 404, "not_found");
  await bot.tenant.post<Gateway>(`/gateways/${bot.gateway.id}/connect`);
  await bot.tenant.gatewayIs(bot.gateway.id, "connected");
  await expectUnharmed(1);
});

test("a gateway that is deleted is not there any more", async () => {
  const before = { url: address(), secret: secret() };
  await bot.tenant.delete(`/gateways/${bot.gateway.id}`);
  expect(api.webhooks.has(bot.token)).toBe(false);
  await expectProblem(await post(before.url, before.secret, messageUpdate("hello")), 404, "not_found");
});
