import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { BotApi } from "./bot-api.ts";
import { TELEGRAM_DOCUMENTS, TEST_COMPONENTS, withProduct } from "./product.ts";
import { deliver, withBot } from "./telegram.ts";
import type { Workspace } from "../../src/lib/api-types.ts";

let api: BotApi;

const product = withProduct(async () => {
  api = await BotApi.start();
  return { TWOBOT_TELEGRAM_API_URL: api.url, TWOBOT_PLUGINS_DIR: TEST_COMPONENTS };
});
test.afterAll(() => api.stop());

/** The documents of a folder, by name. */
async function documents(folder: string): Promise<Map<string, string>> {
  const path = join(TELEGRAM_DOCUMENTS, folder);
  const names = (await readdir(path)).sort();
  const read = async (name: string) => [name, await readFile(join(path, name), "utf8")] as const;
  return new Map(await Promise.all(names.map(read)));
}

/** What each document is to become, in a line of words. */
async function meanings(): Promise<Map<string, string>> {
  const text = await readFile(join(TELEGRAM_DOCUMENTS, "expected.txt"), "utf8");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => /^(\w+): (.*)$/.exec(line) ?? []);
  return new Map(lines.map(([, name = "", words = ""]) => [`${name}.json`, words]));
}

/** The kind of event that the words tell of, or "not handled". */
function kindOf(words: string): string {
  const kinds: Record<string, string> = {
    message: "message",
    edited: "message_edited",
    deleted: "message_deleted",
    callback: "callback",
    member: "member_changed",
    join: "join_requested",
    reaction: "reaction_changed",
    poll: "poll_changed",
    vote: "poll_answered",
    provider: "provider",
  };
  if (words.startsWith("not handled: ")) return "not handled";
  const [, kind = ""] = /^\d+ (\w+)/.exec(words) ?? [];
  return kinds[kind] ?? words;
}

const tally = (words: Iterable<string>) => {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
};

test("every kind of update becomes its event, in the sandbox as anywhere", async () => {
  test.setTimeout(120_000);
  const bot = await withBot(product(), api, "webhook", { witness: "sources", analytics: "sources" });
  const updates = await documents("updates");
  const expected = await meanings();
  expect([...expected.keys()].sort()).toEqual([...updates.keys()]);

  let id = 5_000_000;
  for (const [name, body] of updates) {
    id += 1;
    const update = { ...(JSON.parse(body) as object), update_id: id };
    expect(await deliver(api, bot, JSON.stringify(update)), name).toBe(200);
  }
  const waiting = async () => (await bot.tenant.get<Workspace>("/workspace/status")).counts.waiting_events;
  await expect.poll(waiting, { timeout: 60_000 }).toBe(0);

  const { "not handled": not_handled = 0, ...kinds } = tally([...expected.values()].map(kindOf));
  const { counts, status } = await bot.tenant.gateway(bot.gateway.id);
  expect(counts).toEqual({ accepted: updates.size, refused: 0, duplicates: 0, not_handled });
  expect(status).toBe("connected");

  const seen = await bot.tenant.executions("&plugin=witness");
  expect(tally(seen.map((run) => run.event_kind))).toEqual(kinds);
  expect(tally(seen.map((run) => run.state))).toEqual({ succeeded: seen.length });
  // What Telegram says by itself ("Ada joined the group") is not anyone's message.
  const written = [...expected.values()].filter(
    (words) => kindOf(words) === "message" && !/ service \w+$/.test(words),
  );
  const { total_messages } = await bot.tenant.counted("?from=2026-01-01&to=2026-01-02");
  expect(total_messages).toBe(written.length);
  expect(await bot.tenant.executions("&state=failed")).toEqual([]);
});

test("what is malformed is refused, or leads to nothing, and never harms the gateway", async () => {
  const bot = await withBot(product(), api, "webhook", { witness: "sources" });
  const malformed = await documents("malformed");
  expect(malformed.size).toBeGreaterThan(10);
  let accepted = 0;
  let id = 6_000_000;
  for (const [name, body] of malformed) {
    id += 1;
    const status = await deliver(api, bot, body.replace(/"update_id":\s*\d+/, `"update_id":${id}`));
    expect([200, 400], name).toContain(status);
    if (status === 200) accepted += 1;
  }
  await bot.tenant.settled();
  const { counts, status } = await bot.tenant.gateway(bot.gateway.id);
  expect(counts).toMatchObject({ accepted, refused: malformed.size - accepted, not_handled: 0 });
  expect(status).toBe("connected");
  expect(await bot.tenant.executions()).toEqual([]);
});
