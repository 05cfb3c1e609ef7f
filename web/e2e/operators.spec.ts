import { expect, test } from "@playwright/test";
import { withServer } from "./support/server.ts";
import { open, register, signIn } from "./support/steps.ts";

const server = withServer();

test("an operator finds a tenant, suspends it, and lets it go on", async ({ page, browser }) => {
  const other = await browser.newContext();
  const ada = await other.newPage();
  await register(ada, server, "Ada Example", "ada@example.com");
  // Who is no operator sees nothing of it, and is not let in by the address either.
  await expect(ada.getByRole("link", { name: "Tenants" })).toHaveCount(0);
  await ada.goto(`${server.url}/operators/tenants`);
  await expect(ada.getByText("Only operators may do this")).toBeVisible();

  await signIn(page, server);
  await open(page, "Tenants");
  const tenants = page.getByTestId("tenant");
  await expect(tenants).toHaveCount(2);
  await page.getByLabel("Name or address").fill("nobody");
  await page.getByLabel("Name or address").press("Enter");
  await expect(page.getByText("No tenant fits these filters")).toBeVisible();
  await page.getByLabel("Name or address").fill("ADA@");
  await page.getByLabel("Name or address").press("Enter");
  await expect(tenants).toHaveCount(1);
  await tenants.getByRole("link").click();
  await expect(page.getByRole("heading", { name: /Ada Example/ })).toBeVisible();
  await expect(page.getByRole("cell", { name: "ada@example.com" })).toBeVisible();

  await page.getByRole("button", { name: "Suspend…" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "Suspend" })).toBeDisabled();
  await dialog.getByLabel("Reason").fill("unpaid since March");
  await dialog.getByRole("button", { name: "Suspend" }).click();
  await expect(page.getByTestId("tenant-state")).toHaveText("Suspended");
  await expect(page.getByText("unpaid since March")).toBeVisible();
  await ada.goto(server.url);
  await expect(ada.getByTestId("workspace-state")).toHaveText("Suspended");

  await page.getByRole("button", { name: "Resume…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Resume" }).click();
  await expect(page.getByTestId("tenant-state")).toHaveText("Running");
  await page.getByLabel("Plan", { exact: true }).selectOption("Business");
  await page.getByRole("button", { name: "Change the plan…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Change the plan" }).click();
  await expect(page.getByRole("button", { name: "Change the plan…" })).toBeDisabled();
  await page.getByRole("button", { name: "Check it" }).click();
  await expect(page.getByText("all as they were written")).toBeVisible();

  await open(ada, "Audit log");
  const entries = ada.getByTestId("audit-entry");
  await expect(entries.filter({ hasText: "Demo suspended the account of Ada Example" })).toHaveCount(1);
  await expect(entries.filter({ hasText: "Reason: unpaid since March" })).toHaveCount(1);
  await expect(entries.filter({ hasText: "Demo changed the plan of Ada Example" })).toHaveCount(1);
  await other.close();
});

test("an operator reads a mail that nothing sends, and its link confirms the address", async ({
  page,
  browser,
}) => {
  const other = await browser.newContext();
  const bo = await other.newPage();
  await register(bo, server, "Bo Example", "bo@example.com");

  await signIn(page, server);
  await open(page, "Outbox");
  await page.getByLabel("Address").fill("bo@example.com");
  await page.getByLabel("Address").press("Enter");
  await page.getByRole("button", { name: "Show Verify to bo@example.com" }).click();
  const text = await page.getByRole("dialog").locator("pre").innerText();
  const link = /http\S+verify-email#token=\S+/.exec(text)?.[0];
  expect(link).toBeDefined();
  await bo.goto(link ?? "");
  await bo.getByRole("button", { name: "Confirm this address" }).click();
  await expect(bo.getByText("your address is confirmed")).toBeVisible();
  await other.close();
});
