import { expect, test } from "@playwright/test";
import { withServer } from "./support/server.ts";
import { answers, beginGateway, open, register, say } from "./support/steps.ts";

const server = withServer();

test("what is not allowed does not happen, is recorded, and can be allowed later", async ({ page }) => {
  await register(page, server, "Ada Example", "ada@example.com");
  const dialog = await beginGateway(page, /^Web chat/, "Front desk");
  await dialog.getByRole("button", { name: "Save and connect" }).click();
  await dialog.getByRole("button", { name: "Done" }).click();

  await open(page, "Plugins");
  await page.getByRole("button", { name: "Install Auto-reply" }).click();
  await dialog.getByRole("checkbox", { name: "Send messages" }).uncheck();
  await expect(dialog).toContainText("it may not work as it should");
  await dialog.getByRole("button", { name: "Allow and install" }).click();
  await expect(page.getByTestId("install-state")).toHaveText("Enabled");

  await open(page, "Chat");
  await page.getByRole("button", { name: "Start a conversation" }).click();
  await say(page, "hello");
  await open(page, "Audit log");
  const entries = page.getByTestId("audit-entry");
  await expect(async () => {
    await page.reload();
    await expect(entries.filter({ hasText: "Auto-reply was not allowed to send messages" })).not.toHaveCount(
      0,
    );
  }).toPass();
  await expect(entries.filter({ hasText: "Ada Example installed Auto-reply" })).toHaveCount(1);
  await expect(entries.filter({ hasText: "Ada Example added the gateway Front desk" })).toHaveCount(1);
  await page.getByLabel("Outcome").selectOption("Not allowed");
  await expect(entries.filter({ hasText: "Ada Example" })).toHaveCount(0);
  await page.getByLabel("What", { exact: true }).selectOption("Gateways");
  await expect(page.getByText("Nothing fits these filters")).toBeVisible();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await expect(entries.filter({ hasText: "signed in" })).toHaveCount(1);

  await open(page, "Plugins");
  await page.getByRole("link", { name: "Auto-reply" }).click();
  await page.getByRole("tab", { name: "Permissions" }).click();
  await page.getByRole("checkbox", { name: "Send messages" }).check();
  await page.getByRole("button", { name: "Save permissions" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await open(page, "Chat");
  await say(page, "hello");
  await expect(answers(page).last()).toContainText("Ada Example");
});
