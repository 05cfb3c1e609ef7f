import { expect, test } from "@playwright/test";
import { withServer } from "./support/server.ts";
import { enter, open, openSettings, register } from "./support/steps.ts";

const server = withServer();
const PASSWORD = "Secret-passw0rd";

test("what was done is listed in plain words, narrowed, and shown as it is kept", async ({
  page,
  browser,
}) => {
  await register(page, server, "Ada Example", "ada@example.com");
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByTestId("workspace-state")).toHaveText("Stopped");
  const stranger = await (await browser.newContext()).newPage();
  await enter(stranger, server, "ada@example.com", "Wrong-passw0rd");
  await expect(stranger.getByText("E-mail address or password is wrong")).toBeVisible();
  await stranger.context().close();

  await open(page, "Audit log");
  const entries = page.getByTestId("audit-entry");
  const stopped = entries.filter({ hasText: "Ada Example stopped the workspace" });
  const tried = entries.filter({ hasText: "Someone tried to sign in as Ada Example" });
  await expect(stopped).toHaveCount(1);
  await expect(stopped).toContainText("from 127.0.0.1");
  // It is written down after the answer, which must not take longer where there is an account.
  await expect(async () => {
    await page.reload();
    await expect(tried).toHaveCount(1, { timeout: 2_000 });
  }).toPass();
  await expect(tried).toContainText("Failed");
  // What happened last stands first.
  await expect(entries.first()).toContainText("tried to sign in");

  await stopped.getByRole("button", { name: /^Details/ }).click();
  const detail = stopped.getByTestId("audit-detail");
  await expect(detail).toContainText("workspace.stop");
  await expect(detail).toContainText("Request");
  await stopped.getByRole("button", { name: /^Details/ }).click();
  await expect(detail).toBeHidden();

  await page.getByLabel("Outcome").selectOption("Failed");
  await expect(stopped).toHaveCount(0);
  await expect(tried).toHaveCount(1);
  await page.getByLabel("What", { exact: true }).selectOption("Workspace");
  await expect(page.getByText("Nothing fits these filters")).toBeVisible();
  await page.getByLabel("Outcome").selectOption("All outcomes");
  await expect(stopped).toHaveCount(1);
  await expect(tried).toHaveCount(0);
  await page.getByLabel("Who").selectOption("Ada Example");
  await expect(entries).toHaveCount(1);
  // The filters stand in the address: a link or a reload keeps them.
  await page.reload();
  await expect(page.getByLabel("What", { exact: true })).toHaveValue("workspace");
  await expect(entries).toHaveCount(1);

  // Nothing had happened before the account was made.
  await page.getByLabel("To", { exact: true }).fill("2020-01-01");
  await expect(page.getByText("Nothing fits these filters")).toBeVisible();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await expect(page.getByLabel("To", { exact: true })).toHaveValue("");
  await expect(tried).toHaveCount(1);
});

test("a member does not see it, nor what only others may do", async ({ page }) => {
  await register(page, server, "Bo Example", "bo@example.com");
  const member = ["--email", "mo@example.com", "--password", PASSWORD, "--name", "Mo Example"];
  await server.command("user", "create", ...member, "--joins", "bo@example.com");
  await page.reload();
  await open(page, "Audit log");
  await expect(
    page.getByTestId("audit-entry").filter({ hasText: "added to the account Mo Example" }),
  ).not.toHaveCount(0);

  await page.context().clearCookies();
  await enter(page, server, "mo@example.com", PASSWORD);
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  const main = page.getByRole("navigation", { name: "Main" });
  await expect(main.getByRole("link", { name: "Activity", exact: true })).toBeVisible();
  await expect(main.getByRole("link", { name: "Audit log", exact: true })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Stop" })).toHaveCount(0);
  await page.goto(`${server.url}/audit-log`);
  await expect(page.getByRole("alert")).toContainText("Only an admin or the owner");
  await expect(page.getByTestId("audit-entry")).toHaveCount(0);

  await openSettings(page, "API keys");
  await expect(page.getByRole("button", { name: "Create key" })).toHaveCount(0);
  await openSettings(page, "Your data");
  await expect(page.getByText("Only the owner of this account")).toBeVisible();
});
