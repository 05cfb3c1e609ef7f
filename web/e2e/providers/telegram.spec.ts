import { expect, test } from "@playwright/test";
import { BotApi } from "./bot-api.ts";
import { withProduct } from "./product.ts";
import { deliver, expectHandledOnce, messageUpdate, withBot } from "./telegram.ts";
import { Tenant } from "./tenant.ts";
import type { Gateway } from "../../src/lib/api-types.ts";

let api: BotApi;

const product = withProduct(async () => {
  api = await BotApi.start();
  return { TWOBOT_TELEGRAM_API_URL: api.url };
});
test.afterAll(() => api.stop());

test("by long poll: a message comes in, an answer goes out, and it is counted once", async () => {
  const bot = await withBot(product(), api, "polling");
  expect(bot.gateway.account).toMatchObject({ id: "666", name: "@TestNameBot" });

  await api.write(bot.token, "hello");
  await expectHandledOnce(api, bot);

  const { counts, last_event_at, status } = await bot.tenant.gateway(bot.gateway.id);
  expect(counts).toEqual({ accepted: 1, refused: 0, duplicates: 0, not_handled: 0 });
  expect(last_event_at).not.toBeNull();
  expect(status).toBe("connected");
});

test("by webhook: the product agrees a secret, takes the delivery, and answers once", async () => {
  const bot = await withBot(product(), api, "webhook");
  const webhook = api.webhooks.get(bot.token);
  expect(webhook?.url).toBe(`${product().url}/api/webhooks/telegram/${bot.gateway.id}`);
  expect(webhook?.url).toBe(bot.gateway.webhook_url);
  // Telegram allows 1 to 256 of these characters.
  expect(webhook?.secret_token).toMatch(/^[A-Za-z0-9_-]{32,256}$/);
  // Telegram leaves these out unless they are asked for by name.
  for (const kind of ["message", "chat_member", "message_reaction", "message_reaction_count"]) {
    expect(webhook?.allowed_updates).toContain(kind);
  }

  api.deliveries.length = 0;
  await api.write(bot.token, "hello");
  await expectHandledOnce(api, bot);
  expect(api.deliveries.map((delivery) => delivery.status)).toEqual([200]);
  expect((await bot.tenant.gateway(bot.gateway.id)).counts).toMatchObject({ accepted: 1, refused: 0 });
});

test("the same update again changes nothing, ten of it at the same time neither", async () => {
  const bot = await withBot(product(), api, "webhook");
  const update = messageUpdate("hello");
  expect(await deliver(api, bot, update)).toBe(200);
  expect(await deliver(api, bot, update)).toBe(200);
  await expectHandledOnce(api, bot);
  const again = await Promise.all(Array.from({ length: 10 }, () => deliver(api, bot, update)));
  expect(new Set(again)).toEqual(new Set([200]));
  await expectHandledOnce(api, bot);
  expect((await bot.tenant.gateway(bot.gateway.id)).counts).toMatchObject({ accepted: 1, duplicates: 11 });
});

test("ten of an update at the same time are one, also when none was there before", async () => {
  const bot = await withBot(product(), api, "webhook");
  const update = messageUpdate("hello");
  const all = await Promise.all(Array.from({ length: 10 }, () => deliver(api, bot, update)));
  expect(new Set(all)).toEqual(new Set([200]));
  await expectHandledOnce(api, bot);
  expect((await bot.tenant.gateway(bot.gateway.id)).counts).toMatchObject({ accepted: 1, duplicates: 9 });
});

test("a token that is refused is said with advice, and a good one connects", async ({ page }) => {
  const tenant = await Tenant.register(product());
  const good = api.newBot();
  const made = await tenant.post<Gateway>("/gateways", {
    kind: "telegram-bot",
    name: "Shop bot",
    credentials: { token: "1:AAH-nobody-knows-me" },
  });
  const refused = await tenant.gatewayIs(made.id, "error");
  expect(refused.status_reason?.code).toBe("gateway_unauthorized");
  expect(refused.status_reason?.title).toContain("Shop bot");
  expect(refused.status_reason?.detail).toContain("Telegram does not know this bot token");
  expect(refused.status_reason?.advice).toContain("enter the token");
  expect(JSON.stringify(refused)).not.toContain("nobody-knows-me");

  await tenant.signIn(page);
  await page.goto(`${product().url}/gateways/${made.id}`);
  const trouble = page.getByTestId("trouble").first();
  await expect(trouble).toContainText("Telegram does not know this bot token");
  await expect(trouble).toContainText("enter the token");

  await tenant.patch(`/gateways/${made.id}`, { credentials: { token: good } });
  const fixed = await tenant.gatewayIs(made.id, "connected");
  expect(fixed.status_reason).toBeNull();
  expect(fixed.account?.name).toBe("@TestNameBot");
  // The page follows by itself.
  await expect(page.getByTestId("gateway-status")).toHaveAttribute("data-status", "connected");
  await expect(trouble).toBeHidden();
});

test("a token that is revoked while we poll is noticed", async () => {
  const bot = await withBot(product(), api, "polling");
  api.setKnown(bot.token, false);
  const gateway = await bot.tenant.gatewayIs(bot.gateway.id, "error");
  expect(gateway.status_reason?.code).toBe("gateway_unauthorized");
  api.setKnown(bot.token, true);
  await bot.tenant.post(`/gateways/${bot.gateway.id}/connect`);
  await bot.tenant.gatewayIs(bot.gateway.id, "connected");
  await api.write(bot.token, "hello");
  await expectHandledOnce(api, bot);
});
