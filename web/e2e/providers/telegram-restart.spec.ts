import { expect, test } from "@playwright/test";
import { BotApi } from "./bot-api.ts";
import { withProduct } from "./product.ts";
import { deliver, expectHandledOnce, messageUpdate, withBot } from "./telegram.ts";
import type { Workspace } from "../../src/lib/api-types.ts";

let api: BotApi;

const product = withProduct(async () => {
  api = await BotApi.start();
  return { TWOBOT_TELEGRAM_API_URL: api.url };
});
test.afterAll(() => api.stop());

test("what was taken outlives a process that is killed before it was handled", async () => {
  const bot = await withBot(product(), api, "webhook");
  await bot.tenant.post("/workspace/stop");
  const update = messageUpdate("hello");
  expect(await deliver(api, bot, update)).toBe(200);
  const waiting = async () => (await bot.tenant.get<Workspace>("/workspace/status")).counts.waiting_events;
  expect(await waiting()).toBe(1);

  await product().kill();
  await product().start();
  expect(await waiting()).toBe(1);
  expect(await api.received(bot.token)).toEqual([]);

  await bot.tenant.post("/workspace/start");
  await expectHandledOnce(api, bot);
  // Telegram did not hear of the kill and might send it again.
  expect(await deliver(api, bot, update)).toBe(200);
  await expectHandledOnce(api, bot);
  expect((await bot.tenant.gateway(bot.gateway.id)).counts).toMatchObject({ accepted: 1, duplicates: 1 });
});

test("an answer that was on its way when the process was killed goes out after it, once", async () => {
  const bot = await withBot(product(), api, "webhook");
  api.held = 0;
  expect(await deliver(api, bot, messageUpdate("hello"))).toBe(200);
  await expect.poll(() => api.held).toBe(1);
  await product().kill();
  api.held = undefined;
  await product().start();
  await expectHandledOnce(api, bot);
});

test("a bot that polls goes on after a kill", async () => {
  const bot = await withBot(product(), api, "polling");
  await product().kill();
  await api.write(bot.token, "hello");
  await product().start();
  await expectHandledOnce(api, bot);
  await bot.tenant.gatewayIs(bot.gateway.id, "connected");
});
