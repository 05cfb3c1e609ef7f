import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { open, say, answers } from "../support/steps.ts";
import { TEST_COMPONENTS, withProduct } from "./product.ts";
import { Tenant } from "./tenant.ts";
import type { Conversation } from "../../src/lib/api-types.ts";

/** A plan with so little computing time that an endless loop ends soon. */
const PLANS = `
default = "small"

[[plan]]
id = "small"
name = "Small"
price_cents = 0

[plan.limits]
memory_mb = 256
vcpu = 0.1
storage_mb = 10
starts_by_itself = true
gateways = 2
plugins = 3
ai_tokens_per_month = 1000
history_days = 7
priority = 5
`;

let folder: string;

const product = withProduct(async () => {
  folder = await mkdtemp(join(tmpdir(), "twobot-plans-"));
  const plans = join(folder, "plans.toml");
  await writeFile(plans, PLANS);
  return { TWOBOT_PLANS: plans, TWOBOT_PLUGINS_DIR: TEST_COMPONENTS };
});
test.afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the dashboard must say of each way to misbehave. */
const CASES = [
  {
    mode: "Loop",
    code: "fuel_exhausted",
    title: "Used up its computing time",
    detail: "It computed without end",
    limit: /fuel/i,
    advice: "Look for a loop that does not end",
  },
  {
    mode: "Memory",
    code: "memory_exceeded",
    title: "Ran out of memory",
    detail: "of memory and may have 64 MB",
    limit: /64\sMi?B/,
    advice: "Keep less in memory",
  },
  {
    mode: "Trap",
    code: "trapped",
    title: "Crashed",
    detail: "It stopped with",
    limit: /./,
    advice: "Read the log for the reason",
  },
];

const NAME = "Misbehaving (test)";

/** Installs the plugin as a person would, on the only web chat that there is. */
async function install(page: Page, mode: string): Promise<void> {
  await open(page, "Plugins");
  await page.getByRole("tab", { name: "Catalogue" }).click();
  await page.getByRole("button", { name: `Install ${NAME}` }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("checkbox", { name: /Front desk/ })).toBeChecked();
  await dialog.locator("summary").click();
  await dialog.getByLabel("What to do with a message").selectOption({ label: mode });
  await dialog.getByRole("button", { name: "Allow and install" }).click();
  await expect(page.getByTestId("install-state")).toHaveText("Enabled");
}

async function openConversation(page: Page, conversation: Conversation): Promise<void> {
  await page.goto(`${product().url}/chat/${conversation.gateway_id}/${conversation.id}`);
  await expect(page.getByRole("log")).toBeVisible();
}

for (const { mode, code, title, detail, limit, advice } of CASES) {
  test(`a plugin with the habit “${mode.toLowerCase()}” is told of, and paused when it does not stop`, async ({
    page,
  }) => {
    const tenant = await Tenant.register(product());
    const { gateway, conversation } = await tenant.webChat();
    await tenant.install("auto-reply", { channels: [gateway.id] });
    await tenant.signIn(page);
    await install(page, mode);

    // In the chat: what happened, and what to do. The other plugin answers as if nothing were.
    await openConversation(page, conversation);
    const troubles = page.getByRole("log").getByTestId("trouble");
    await say(page, "hello");
    await expect(troubles).toHaveCount(1);
    await expect(troubles).toHaveAttribute("data-code", code);
    for (const words of [title, detail, limit, advice]) await expect(troubles).toContainText(words);
    await expect(answers(page)).toHaveCount(1);
    await expect(answers(page)).toContainText("Hello");

    // Under Activity: the run, with what it had said until then. What it had queued was not sent.
    await troubles.getByRole("link", { name: "See failed runs" }).click();
    const failed = page.getByTestId("execution").filter({ hasText: NAME });
    await expect(failed).toHaveCount(1);
    await expect(failed).toContainText(title);
    await expect(failed).toContainText("Failed");
    await failed.getByRole("link").click();
    await expect(page.getByTestId("trouble")).toHaveAttribute("data-code", code);
    await expect(page.getByText("about to misbehave")).toBeVisible();

    // Four more, and it is paused: its page says why, and a notification came.
    await openConversation(page, conversation);
    for (let failures = 2; failures <= 5; failures += 1) {
      await say(page, `hello ${failures}`);
      await expect(troubles).toHaveCount(failures);
    }
    await page.goto(`${product().url}/plugins/misbehaving`);
    await expect(page.getByTestId("install-state")).toHaveText("Paused");
    const reason = page.getByTestId("trouble").first();
    await expect(reason).toHaveAttribute("data-code", "plugin_paused");
    for (const words of [`${NAME} is paused`, "5 times in a row", title, advice]) {
      await expect(reason).toContainText(words);
    }
    await page.getByRole("button", { name: "Notifications, 1 unread" }).click();
    await expect(page.getByRole("listitem").filter({ hasText: `${NAME} is paused` })).toContainText(title);
    await page.keyboard.press("Escape");

    // It gets no more messages; the other plugin does.
    const said = await tenant.say(conversation, "hello again");
    expect(said).toContain("Hello");
    await tenant.settled();
    expect(await tenant.executions("&plugin=misbehaving")).toHaveLength(5);
    expect(said).not.toContain("I behaved.");

    // Once it behaves, its owner enables it again, and it answers.
    await tenant.patch("/user/plugins/misbehaving/config", { config: { mode: "ok" } });
    await reason.getByRole("button", { name: "Enable again" }).click();
    await expect(page.getByTestId("install-state")).toHaveText("Enabled");
    await openConversation(page, conversation);
    await say(page, "Are you well?");
    await expect(answers(page).filter({ hasText: "I behaved." })).toHaveCount(1);
    expect(await tenant.executions("&state=failed")).toHaveLength(5);
  });
}
