import { expect } from "@playwright/test";
import type { Gateway } from "../../src/lib/api-types.ts";
import { post, type BotApi } from "./bot-api.ts";
import { Tenant } from "./tenant.ts";
import type { Product } from "./product.ts";

/** A tenant with a Telegram bot that answers and counts. */
export interface Bot {
  tenant: Tenant;
  token: string;
  gateway: Gateway;
}

/** A tenant with a connected bot, on which these plugins are at work. */
export async function withBot(
  product: Product,
  api: BotApi,
  mode: "polling" | "webhook",
  plugins: Record<string, string> = { "auto-reply": "channels", analytics: "sources" },
): Promise<Bot> {
  const tenant = await Tenant.register(product);
  const token = api.newBot();
  const made = await tenant.post<Gateway>("/gateways", {
    kind: "telegram-bot",
    name: "Shop bot",
    credentials: { token },
    config: { mode },
  });
  const gateway = await tenant.gatewayIs(made.id, "connected");
  for (const [slug, slot] of Object.entries(plugins)) await tenant.install(slug, { [slot]: [gateway.id] });
  return { tenant, token, gateway };
}

let lastUpdate = 1_000_000;

/** An update with a message of a person, such as Telegram would deliver. */
export function messageUpdate(text: string, id = ++lastUpdate): string {
  return JSON.stringify({
    update_id: id,
    message: {
      message_id: id,
      date: Math.floor(Date.now() / 1_000),
      from: { id: 5_123, is_bot: false, first_name: "Ada" },
      chat: { id: 5_123, type: "private", first_name: "Ada" },
      text,
    },
  });
}

/** Delivers to a bot's webhook with the secret that the product agreed with the Bot API server. */
export async function deliver(api: BotApi, bot: Bot, body: string): Promise<number> {
  const webhook = api.webhooks.get(bot.token);
  if (!webhook) throw new Error("the product set no webhook for this bot");
  return (await post(webhook.url, webhook.secret_token, body)).status;
}

/** Checks that one message was handled once by both plugins, and answered once. */
export async function expectHandledOnce(api: BotApi, bot: Bot): Promise<void> {
  await expect.poll(() => api.received(bot.token)).toHaveLength(1);
  await bot.tenant.settled();
  expect(await api.received(bot.token)).toEqual(["Hello Ada! How can I help you?"]);
  expect((await bot.tenant.counted()).total_messages).toBe(1);
  const runs = (await bot.tenant.executions()).filter((run) => run.trigger === "event");
  expect(runs.map((run) => [run.plugin?.slug, run.event_kind, run.state]).sort()).toEqual([
    ["analytics", "message", "succeeded"],
    ["auto-reply", "message", "succeeded"],
  ]);
  const usage = await bot.tenant.usage();
  expect([usage.messages_in, usage.messages_out]).toEqual([1, 1]);
}
