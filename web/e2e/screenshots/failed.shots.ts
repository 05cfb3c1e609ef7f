import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import type { DeadLetter, Page as Listed, Replay } from "../../src/lib/api-types.ts";
import { BotApi } from "../providers/bot-api.ts";
import { TEST_COMPONENTS, withProduct } from "../providers/product.ts";
import { deliver, messageUpdate, withBot } from "../providers/telegram.ts";

/** Pictures of what failed for good, and of replays, in every state. */

const FOLDER = process.env.SCREENSHOT_DIR ?? "e2e/.results/screenshots";
const DEVICES = {
  desktop: { viewport: { width: 1360, height: 850 }, deviceScaleFactor: 1, hasTouch: false },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true },
};

let api: BotApi;
const product = withProduct(async () => {
  api = await BotApi.start();
  return { TWOBOT_PLUGINS_DIR: TEST_COMPONENTS, TWOBOT_TELEGRAM_API_URL: api.url };
});
test.afterAll(() => api.stop());

test("pages of what failed", async ({ browser }) => {
  const bot = await withBot(product(), api, "webhook", { "auto-reply": "channels" });
  const { tenant } = bot;
  const letters = async () => (await tenant.get<Listed<DeadLetter>>("/dead-letters")).items;
  const waiting = (count: number) => expect.poll(async () => (await letters()).length).toBe(count);
  await tenant.install("misbehaving", { channels: [bot.gateway.id] }, { mode: "fail" });
  await deliver(api, bot, JSON.stringify({ update_id: 1, message: { message_id: "no number" } }));
  await waiting(1);
  await deliver(api, bot, messageUpdate("Do you deliver on Sundays?"));
  await waiting(2);
  api.setKnown(bot.token, false);
  await deliver(api, bot, messageUpdate("hello"));
  await waiting(4);
  await tenant.patch("/user/plugins/misbehaving/config", { config: { mode: "loop" } });
  await deliver(api, bot, messageUpdate("Where is my parcel?"));
  await waiting(6);
  const all = await letters();
  const of = (kind: string) => all.find((letter) => letter.kind === kind)?.id ?? "";
  const run = all.findLast((letter) => letter.kind === "execution")?.id ?? "";

  for (const [device, settings] of Object.entries(DEVICES)) {
    for (const colorScheme of ["light", "dark"] as const) {
      const context = await browser.newContext({ ...settings, colorScheme, reducedMotion: "reduce" });
      const page = await context.newPage();
      const shoot = async (name: string) => {
        await settled(page);
        await page.screenshot({ path: join(FOLDER, `failed-${name}-${device}-${colorScheme}.png`) });
      };
      const whole = async (name: string) => {
        await settled(page);
        const path = join(FOLDER, `failed-${name}-${device}-${colorScheme}.png`);
        await page.screenshot({ path, fullPage: true });
      };
      await tenant.signIn(page);
      await page.goto(`${product().url}/failed`);
      await page.getByTestId("dead-letter").first().waitFor();
      await shoot("list");
      if (device === "phone") {
        await page.getByRole("button", { name: /More/ }).click();
        await shoot("more");
        await page.keyboard.press("Escape");
      }
      await tenant.post("/user/plugins/misbehaving/disable");
      await page.route("**/dead-letters/*/retry", async (route) =>
        all.find((letter) => route.request().url().includes(letter.id))?.plugin?.slug === "misbehaving"
          ? route.fallback()
          : route.fulfill({ json: {} }),
      );
      await page.getByRole("checkbox", { name: "Choose all" }).click();
      await shoot("chosen");
      await page.getByRole("button", { name: "Discard" }).click();
      await shoot("confirm");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Run again" }).click();
      await page.getByRole("button", { name: /^Run \d+ again/ }).click();
      await page.getByTestId("many-outcome").waitFor();
      await shoot("outcome");
      await page.goto(`${product().url}/failed/${run}`);
      await page.getByTestId("trouble").waitFor();
      await page.getByText("Enable it first").waitFor();
      await whole("run-off");
      await tenant.post("/user/plugins/misbehaving/enable");
      await page.reload();
      await page.getByRole("button", { name: "Show as JSON" }).click();
      await whole("run");
      await page.getByRole("button", { name: "Correct…" }).click();
      const text = page.getByLabel("What is run instead");
      await text.fill((await text.inputValue()).replace(/"text": "[^"]*"/, '"text": 7'));
      await page.getByRole("button", { name: "Correct and run again" }).click();
      await page.getByRole("alert").getByText("Message").waitFor();
      await whole("correct");
      for (const kind of ["effect", "delivery"]) {
        await page.goto(`${product().url}/failed/${of(kind)}`);
        await page.getByTestId("trouble").waitFor();
        await whole(kind);
      }
      await page.goto(`${product().url}/failed/01890000-0000-7000-8000-000000000000`);
      await page.getByText("This does not wait any more").waitFor();
      await shoot("gone");
      await page.goto(`${product().url}/failed?code=trapped`);
      await page.getByText("Nothing fits these filters").waitFor();
      await shoot("filtered");
      await page.goto(`${product().url}/activity/${run}`);
      await page.getByRole("button", { name: "Replay" }).click();
      await page.getByTestId("replay-result").waitFor();
      await whole("replay");
      await page.route("**/replay", async (route) => {
        const replay = (await (await route.fetch()).json()) as Replay;
        return route.fulfill({ json: different(replay) });
      });
      await page.getByRole("button", { name: "Replay" }).click();
      await page.getByText("It differs").waitFor();
      await whole("replay-differs");
      await page.route("**/replay", (route) =>
        route.fulfill({
          status: 409,
          contentType: "application/problem+json",
          json: {
            title: "The component is no longer here",
            status: 409,
            code: "component_gone",
            detail: "the component that ran, with the digest 7d0c…, is no longer here",
          },
        }),
      );
      await page.getByRole("button", { name: "Replay" }).click();
      await page.getByText("Replay with the newest").waitFor();
      await whole("replay-gone");
      await page.route("**/dead-letters?*", (route) => route.fulfill({ status: 400, body: "{}" }));
      await page.goto(`${product().url}/failed`);
      await page.getByRole("alert").waitFor();
      await shoot("error");
      await page.route("**/dead-letters?*", () => undefined);
      await page.goto(`${product().url}/failed`);
      await page.locator('main [aria-busy="true"]').waitFor();
      await page.screenshot({ path: join(FOLDER, `failed-loading-${device}-${colorScheme}.png`) });
      await context.close();
    }
  }
});

/** What a replay says that went another way. */
function different(replay: Replay): Replay {
  return {
    ...replay,
    replayed: { state: "succeeded", trouble: null },
    differences: [
      {
        kind: "outcome",
        at: "end",
        recorded: "failed: handler_failed: failing, as asked",
        replayed: "succeeded",
      },
      { kind: "log", at: "2", recorded: null, replayed: "info: looked up the parcel" },
      {
        kind: "read",
        at: "settings/greeting",
        recorded: null,
        replayed: "read it, and found nothing recorded",
      },
    ],
    not_reproduced: ["It used its private directory, whose content is not recorded. Here there is none."],
    would_do: [
      { kind: "write", to: "seen/messages", what: "increment", content: "1" },
      { kind: "effect", to: "Shop bot", what: "send_message", content: '{"text":"I behaved."}' },
    ],
    calls: [
      {
        request: { chat: { gateway: "House model", messages: 2, model: "house" } },
        answer: "not_recorded",
      },
    ],
    denied: ["send"],
  };
}

async function settled(page: Page): Promise<void> {
  await page.locator("main :is(h1, h2, h3):visible").first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
  await page.evaluate(() => document.fonts.ready);
}
