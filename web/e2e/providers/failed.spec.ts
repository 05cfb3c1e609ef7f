import { expect, test, type Locator, type Page } from "@playwright/test";
import type { DeadLetter, Page as Listed } from "../../src/lib/api-types.ts";
import { open } from "../support/steps.ts";
import { BotApi } from "./bot-api.ts";
import { TEST_COMPONENTS, withProduct } from "./product.ts";
import { deliver, messageUpdate, withBot } from "./telegram.ts";
import { Tenant } from "./tenant.ts";

let api: BotApi;

const product = withProduct(async () => {
  api = await BotApi.start();
  return { TWOBOT_PLUGINS_DIR: TEST_COMPONENTS, TWOBOT_TELEGRAM_API_URL: api.url };
});
test.afterAll(() => api.stop());

const NAME = "Misbehaving (test)";

/** A tenant whose plugin failed at each of these messages. */
async function failing(texts: string[]): Promise<Tenant> {
  const tenant = await Tenant.register(product());
  const { gateway, conversation } = await tenant.webChat();
  await tenant.install("misbehaving", { channels: [gateway.id] }, { mode: "fail" });
  for (const text of texts) await tenant.post(`/conversations/${conversation.id}/messages`, { text });
  await waiting(tenant, texts.length);
  return tenant;
}

async function letters(tenant: Tenant): Promise<DeadLetter[]> {
  return (await tenant.get<Listed<DeadLetter>>("/dead-letters?limit=200")).items;
}

/** Waits until so many things have failed for good. */
async function waiting(tenant: Tenant, count: number): Promise<DeadLetter[]> {
  await expect.poll(async () => (await letters(tenant)).length, { timeout: 30_000 }).toBe(count);
  return letters(tenant);
}

const behave = (tenant: Tenant) =>
  tenant.patch("/user/plugins/misbehaving/config", { config: { mode: "ok" } });

/** The page's way from the navigation, whose name also says how many wait. */
async function openFailed(page: Page): Promise<void> {
  await navigation(page)
    .getByRole("link", { name: /^Failed/ })
    .click();
  await expect(page.getByRole("heading", { name: "Failed", level: 1 })).toBeVisible();
}

const navigation = (page: Page) => page.getByRole("navigation", { name: "Main" });
const badge = (page: Page) => navigation(page).getByTestId("failed-count");
const rows = (page: Page): Locator => page.getByTestId("dead-letter");

test("what failed is looked at, corrected with mistakes, and run again", async ({ page }) => {
  const tenant = await failing(["first", "second"]);
  await tenant.signIn(page);
  await expect(badge(page)).toContainText("2");
  await openFailed(page);
  await expect(rows(page)).toHaveCount(2);
  await rows(page).first().getByRole("link").click();

  // Why, what, whose, and how often.
  const trouble = page.getByTestId("trouble");
  await expect(trouble).toHaveAttribute("data-code", "handler_failed");
  await expect(trouble).toContainText("failing, as asked");
  const main = page.getByRole("main");
  await expect(main).toContainText("1 time");
  await expect(main.getByRole("link", { name: NAME })).toBeVisible();
  await expect(main.getByRole("link", { name: "Front desk" })).toBeVisible();
  await expect(main).toContainText("about to misbehave");
  await expect(main.getByText("second", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Show as JSON" }).click();
  await expect(page.getByLabel("What would be run, as JSON")).toContainText('"text": "second"');

  // A text that is no JSON, and one that is no event: both are kept, and the place is shown.
  await page.getByRole("button", { name: "Correct…" }).click();
  const text = page.getByLabel("What is run instead");
  await expect(text).toBeFocused();
  const original = await text.inputValue();
  const submit = page.getByRole("button", { name: "Correct and run again" });
  await submit.click();
  await expect(main.getByRole("alert")).toContainText("Nothing is changed");
  const broken = original.replace('"text": "second"', '"text": "second');
  await text.fill(broken);
  await submit.click();
  await expect(main.getByRole("alert")).toContainText("Not valid JSON");
  await expect(text).toHaveAttribute("aria-invalid", "true");
  await expect(text).toHaveValue(broken);
  const wrong = original.replace('"text": "second"', '"text": 7');
  await text.fill(wrong);
  await submit.click();
  await expect(main.getByRole("alert")).toContainText("Message › text");
  await expect(text).toHaveValue(wrong);
  const chosen = await text.evaluate((field: HTMLTextAreaElement) =>
    field.value.slice(field.selectionStart, field.selectionEnd),
  );
  expect(chosen).toBe('"text": 7');

  // Well: it becomes a run of its own, which says whose place it took.
  await behave(tenant);
  await text.fill(original.replace('"text": "second"', '"text": "corrected"'));
  await submit.click();
  await expect(page.getByRole("heading", { name: new RegExp(NAME.slice(0, 11)) })).toContainText("Succeeded");
  await expect(main).toContainText("corrected");
  await expect(main.getByRole("link", { name: "the run that failed" })).toBeVisible();
  await expect(badge(page)).toContainText("1");

  // The other one goes as it is.
  await openFailed(page);
  await rows(page).first().getByRole("link").click();
  await page.getByRole("button", { name: "Run again" }).click();
  await expect(page.getByRole("heading", { name: new RegExp(NAME.slice(0, 11)) })).toContainText("Succeeded");
  await expect(badge(page)).toBeHidden();
  await openFailed(page);
  await expect(page.getByText("Nothing waits for you")).toBeVisible();

  await open(page, "Audit log");
  const entries = page.getByTestId("audit-entry");
  await expect(entries.filter({ hasText: "corrected and ran again a failed run" })).toHaveCount(1);
  await expect(entries.filter({ hasText: "ran again a failed run" })).toHaveCount(2);
});

test("many are decided on at once, and each refusal is told", async ({ page }) => {
  const tenant = await failing(["one", "two", "three", "four"]);
  await tenant.signIn(page);
  await openFailed(page);
  await expect(rows(page)).toHaveCount(4);
  const runAgain = page.getByRole("button", { name: "Run again" });
  await expect(runAgain).toBeDisabled();

  // Discarding asks first, with the number; what is called off changes nothing.
  await rows(page).first().getByRole("checkbox").click();
  const dialog = page.getByRole("alertdialog");
  const discard = page.getByRole("button", { name: "Discard", exact: true });
  await discard.click();
  await expect(dialog).toContainText("Discard 1?");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await expect(rows(page)).toHaveCount(4);
  await discard.click();
  await dialog.getByRole("button", { name: "Discard 1" }).click();
  const outcome = page.getByTestId("many-outcome");
  await expect(outcome).toContainText("1 is discarded.");
  await expect(outcome).toBeFocused();
  await expect(rows(page)).toHaveCount(3);
  await expect(badge(page)).toContainText("3");

  // A plugin that is off: nothing is run, the reason stands once with all whom it concerns, and they stay chosen.
  await tenant.post("/user/plugins/misbehaving/disable");
  await page.getByRole("checkbox", { name: "Choose all" }).click();
  await runAgain.click();
  await expect(dialog).toContainText("Run 3 again?");
  await dialog.getByRole("button", { name: "Run 3 again" }).click();
  await expect(outcome).toContainText("3 could not be");
  await expect(outcome).toContainText("is disabled. Enable it on its page");
  await expect(outcome.getByRole("link")).toHaveCount(3);
  await expect(page.getByRole("status").filter({ hasText: "3 chosen" })).toBeVisible();
  await outcome.getByRole("link").first().click();
  await expect(page.getByText(`${NAME} is off. Enable it first`)).toBeVisible();
  await page.getByRole("button", { name: "Run again" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "Enable it on its page" })).toBeVisible();

  await behave(tenant);
  await tenant.post("/user/plugins/misbehaving/enable");
  await openFailed(page);
  await page.getByRole("checkbox", { name: "Choose all" }).click();
  await runAgain.click();
  await dialog.getByRole("button", { name: "Run 3 again" }).click();
  await expect(outcome).toContainText("3 are run again.");
  await expect(page.getByText("Nothing waits for you")).toBeVisible();
  await expect(badge(page)).toBeHidden();
  await tenant.settled();
  const ended = (await tenant.executions()).map((run) => run.state).sort();
  expect(ended).toEqual(["failed", "succeeded", "succeeded", "succeeded"]);
});

test("more than a page: all are chosen by one click, and filters narrow what is meant", async ({ page }) => {
  const texts = Array.from({ length: 55 }, (_, index) => `message ${index}`);
  const tenant = await Tenant.register(product());
  const { gateway, conversation } = await tenant.webChat();
  // Each failure after the fifth would pause the plugin; each success in between prevents it.
  await tenant.install("misbehaving", { channels: [gateway.id] }, { mode: "fail" });
  for (let at = 0; at < texts.length; at += 4) {
    const some = texts.slice(at, at + 4);
    for (const text of some) await tenant.post(`/conversations/${conversation.id}/messages`, { text });
    await waiting(tenant, at + some.length);
    await tenant.post("/user/plugins/misbehaving/disable");
    await tenant.post("/user/plugins/misbehaving/enable");
  }
  await tenant.signIn(page);
  await expect(badge(page)).toContainText("55");
  await openFailed(page);
  await expect(rows(page)).toHaveCount(50);
  await page.getByLabel("Reason").selectOption("Crashed");
  await expect(page.getByText("Nothing fits these filters")).toBeVisible();
  await page.getByLabel("Reason").selectOption("The plugin said that it failed");
  await expect(rows(page)).toHaveCount(50);
  await page.getByLabel("What failed").selectOption("What could not be sent");
  await expect(page.getByText("Nothing fits these filters")).toBeVisible();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await page.getByRole("button", { name: "Show older" }).click();
  await expect(rows(page)).toHaveCount(55);
  await page.reload();
  await expect(rows(page)).toHaveCount(50);

  await page.getByRole("checkbox", { name: "Choose all" }).click();
  await page.getByRole("button", { name: "Choose all 55" }).click();
  await expect(page.getByRole("status").filter({ hasText: "All 55 chosen" })).toBeVisible();
  await page.getByRole("button", { name: "Discard" }).click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByRole("button", { name: "Discard 55" }).click();
  await expect(page.getByTestId("many-outcome")).toContainText("55 are discarded.");
  await expect(page.getByText("Nothing waits for you")).toBeVisible();
  expect(await letters(tenant)).toEqual([]);
});

test("the page follows what happens elsewhere, by keyboard alone", async ({ page }) => {
  const tenant = await failing(["first"]);
  await tenant.signIn(page);
  await openFailed(page);
  await expect(rows(page)).toHaveCount(1);
  const { id } = (await letters(tenant))[0] ?? { id: "" };

  // Another window decides: this one hears of it.
  await tenant.post(`/dead-letters/${id}/discard`);
  await expect(page.getByText("Nothing waits for you")).toBeVisible();
  await expect(badge(page)).toBeHidden();
  const { items } = await tenant.get<Listed<{ id: string }>>("/gateways");
  const conversations = await tenant.get<Listed<{ id: string }>>(`/gateways/${items[0]?.id}/conversations`);
  await tenant.post(`/conversations/${conversations.items[0]?.id}/messages`, { text: "again" });
  await expect(rows(page)).toHaveCount(1);
  await expect(badge(page)).toContainText("1");

  // To the row, to its page, to the decision, and back, without a pointer.
  await page.getByRole("checkbox", { name: "Choose all" }).focus();
  await page.keyboard.press("Space");
  await expect(rows(page).getByRole("checkbox")).toBeChecked();
  await rows(page).getByRole("checkbox").focus();
  await page.keyboard.press("Tab");
  await expect(rows(page).getByRole("link")).toBeFocused();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Discard…" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("alertdialog", { name: "Discard this?" });
  await expect(dialog).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Discard…" })).toBeFocused();
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Discard" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("Nothing waits for you")).toBeVisible();

  // Whoever comes to it by an old link is told.
  await page.goto(`${product().url}/failed/${id}`);
  await expect(page.getByText("This does not wait any more")).toBeVisible();
});

test("what could not be sent waits, and goes out once it can", async ({ page }) => {
  const bot = await withBot(product(), api, "webhook", { "auto-reply": "channels" });
  api.setKnown(bot.token, false);
  expect(await deliver(api, bot, messageUpdate("hello"))).toBe(200);
  await waiting(bot.tenant, 1);
  await bot.tenant.signIn(page);
  await openFailed(page);
  await expect(rows(page)).toContainText("Send message to Shop bot");
  await expect(rows(page)).toContainText("Could not be sent");
  await rows(page).getByRole("link").click();
  await expect(page.getByTestId("trouble")).toHaveAttribute("data-code", "gateway_unauthorized");
  // What a plugin asked for is not changed in its name.
  await expect(page.getByRole("button", { name: "Correct…" })).toBeHidden();
  api.setKnown(bot.token, true);
  await page.getByRole("button", { name: "Run again" }).click();
  await expect.poll(() => api.received(bot.token)).toHaveLength(1);
  await expect(page.getByRole("main")).toContainText("What it did");
  await expect(badge(page)).toBeHidden();
});

test("a delivery that was not understood waits, and is corrected", async ({ page }) => {
  const bot = await withBot(product(), api, "webhook", { "auto-reply": "channels" });
  const nonsense = JSON.stringify({ update_id: 1, message: { message_id: "no number" } });
  expect(await deliver(api, bot, nonsense)).toBe(200);
  await waiting(bot.tenant, 1);
  await bot.tenant.signIn(page);
  await openFailed(page);
  await page.getByLabel("What failed").selectOption("What was not understood");
  await rows(page).getByRole("link").click();
  await expect(page.getByTestId("trouble")).toHaveAttribute("data-code", "delivery_not_decoded");
  await page.getByRole("button", { name: "Correct…" }).click();
  await page.getByLabel("What is run instead").fill(messageUpdate("I meant this"));
  await page.getByRole("button", { name: "Correct and run again" }).click();
  await expect(page.getByText("Nothing waits for you")).toBeVisible();
  await expect.poll(() => api.received(bot.token)).toHaveLength(1);
});

test("a run is replayed: what it does is told, and nothing happens", async ({ page }) => {
  const tenant = await failing(["once"]);
  await tenant.signIn(page);
  await openFailed(page);
  await rows(page).first().getByRole("link").click();
  await page.getByRole("link", { name: "What it did and used" }).click();
  const before = await tenant.usage();
  await page.getByRole("button", { name: "Replay" }).click();
  const result = page.getByTestId("replay-result");
  await expect(result).toHaveAttribute("data-same", "true");
  await expect(result).toContainText("It did the same as then.");
  await expect(result).toContainText("about to misbehave: Fail");
  await page.getByLabel("With which version").selectOption("The newest version");
  await page.getByRole("button", { name: "Replay" }).click();
  await expect(result).toHaveAttribute("data-same", "true");
  expect(await tenant.usage()).toEqual(before);

  // A run that succeeded tells what it would do.
  await behave(tenant);
  const [letter] = await letters(tenant);
  await tenant.post(`/dead-letters/${letter?.id}/retry`);
  await tenant.settled();
  await page.reload();
  await page.getByRole("button", { name: "Replay" }).click();
  await expect(result).toContainText("I behaved.");
  expect((await tenant.executions()).length).toBe(1);

  // One that can not be replayed says why, and what can be done instead.
  const problem = {
    title: "The component is no longer here",
    status: 409,
    code: "component_gone",
    detail: "x",
  };
  await page.route("**/replay", async (route) => {
    const { component } = route.request().postDataJSON() as { component: string };
    if (component === "current") return route.fallback();
    return route.fulfill({
      status: 409,
      contentType: "application/problem+json",
      body: JSON.stringify(problem),
    });
  });
  await page.getByRole("button", { name: "Replay" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "no longer here" })).toBeVisible();
  await page.getByRole("button", { name: "Replay with the newest version" }).click();
  await expect(result).toContainText("I behaved.");
});
