import { expect, test, type APIResponse } from "@playwright/test";
import { withServer } from "./support/server.ts";
import { open, openSettings, register } from "./support/steps.ts";

const server = withServer();

/** The code of a problem. */
const code = async (answer: APIResponse) => ((await answer.json()) as { code?: string }).code;

test("a program gets a key, a new secret for it, and loses it", async ({ page, playwright }) => {
  await register(page, server, "Ada Example", "ada@example.com");
  await openSettings(page, "API keys");
  await expect(page.getByText("No API keys yet")).toBeVisible();

  await page.getByRole("button", { name: "Create key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Create key" }).click();
  await expect(dialog).toContainText("This is needed.");
  await expect(dialog).toContainText("Choose at least one.");
  await dialog.getByLabel("Name").fill("Nightly report");
  await dialog.getByRole("checkbox", { name: "See usage and reports" }).check();
  await dialog.getByRole("button", { name: "Create key" }).click();
  const secret = dialog.locator("code").first();
  await expect(secret).toHaveText(/^2bot_[0-9a-z]{10}_[0-9A-Za-z]{49}$/);
  const first = await secret.innerText();
  await dialog.getByRole("button", { name: "I have copied it" }).click();

  // A program without cookies.
  const program = await playwright.request.newContext({ baseURL: `${server.url}/api/v1/` });
  const ask = (path: string, token: string) =>
    program.get(path, { headers: { authorization: `Bearer ${token}` } });
  expect((await ask("usage", first)).status()).toBe(200);
  const denied = await ask("gateways", first);
  expect([denied.status(), await code(denied)]).toEqual([403, "scope_missing"]);

  const row = page.getByTestId("api-key");
  await page.reload();
  await expect(row).toContainText("Nightly report");
  await expect(row).toContainText("last used");
  await expect(row).not.toContainText(first.slice(16));

  await row.getByRole("button", { name: "Actions for Nightly report" }).click();
  await page.getByRole("menuitem", { name: "Rename…" }).click();
  await dialog.getByLabel("Name").fill("Weekly report");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(row).toContainText("Weekly report");

  await row.getByRole("button", { name: "Actions for Weekly report" }).click();
  await page.getByRole("menuitem", { name: "New secret…" }).click();
  await dialog.getByLabel("The old secret goes on to hold for").selectOption("Not at all");
  await dialog.getByRole("button", { name: "Make a new secret" }).click();
  await expect(secret).toHaveText(/^2bot_/);
  const second = await secret.innerText();
  expect(second).not.toBe(first);
  await dialog.getByRole("button", { name: "I have copied it" }).click();
  expect(await code(await ask("usage", first))).toBe("api_key_replaced");
  expect((await ask("usage", second)).status()).toBe(200);

  // The free plan allows one.
  await page.getByRole("button", { name: "Create key" }).click();
  await dialog.getByLabel("Name").fill("Another");
  await dialog.getByRole("checkbox", { name: "See gateways" }).check();
  await dialog.getByRole("button", { name: "Create key" }).click();
  await expect(dialog).toContainText("A limit of your plan is reached");
  await dialog.getByRole("button", { name: "Close" }).click();

  await row.getByRole("button", { name: "Actions for Weekly report" }).click();
  await page.getByRole("menuitem", { name: "Revoke…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke key" }).click();
  await expect(page.getByText("No API keys yet")).toBeVisible();
  expect(await code(await ask("usage", second))).toBe("api_key_revoked");

  await open(page, "Audit log");
  const entries = page.getByTestId("audit-entry");
  await expect(entries.filter({ hasText: "Ada Example revoked the API key Weekly report" })).toHaveCount(1);
  await expect(entries.filter({ hasText: "tried to make the API key Another" })).toHaveCount(1);
  await program.dispose();
});
