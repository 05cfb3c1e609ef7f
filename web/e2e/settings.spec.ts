import { expect, test } from "@playwright/test";
import { withServer } from "./support/server.ts";
import { open, register } from "./support/steps.ts";

const server = withServer();

test("one chooses a name, a time zone and the mails, and finds it again", async ({ page }) => {
  await register(page, server, "Ada Example", "ada@example.com");
  await page.getByRole("button", { name: "Account of Ada Example" }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await expect(page.getByRole("heading", { name: "Profile", exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();

  await page.getByLabel("Name", { exact: true }).fill("Ada Lovelace");
  await page.getByLabel("Language of dates and numbers").selectOption("Deutsch");
  await expect(page.getByText("31.12.2026 · 1.234,5")).toBeVisible();
  await page.getByLabel("Time zone").selectOption("Pacific/Auckland");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("button", { name: "Account of Ada Lovelace" })).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Time zone")).toHaveValue("Pacific/Auckland");
  await expect(page.getByLabel("Language of dates and numbers")).toHaveValue("de");

  await page
    .getByRole("navigation", { name: "Settings" })
    .getByRole("link", { name: "Notifications" })
    .click();
  const limits = page.getByRole("switch", { name: "Limits of your plan" });
  const security = page.getByRole("switch", { name: "Security of your account" });
  await expect(limits).toBeChecked();
  await expect(security).toBeChecked();
  await expect(security).toBeDisabled();
  await limits.click();
  await expect(limits).not.toBeChecked();
  await page.reload();
  await expect(limits).not.toBeChecked();
  await expect(page.getByRole("switch", { name: "Gateways that no longer work" })).toBeChecked();

  // The time is that of the chosen zone, and written as in the chosen language.
  await open(page, "Audit log");
  const entry = page
    .getByTestId("audit-entry")
    .filter({ hasText: "Ada Lovelace changed their profile" })
    .first();
  await expect(entry).toBeVisible();
  const time = entry.locator("time").first();
  const [at, title] = [await time.getAttribute("datetime"), await time.getAttribute("title")];
  const there = new Intl.DateTimeFormat("de", {
    dateStyle: "medium",
    timeStyle: "medium",
    hourCycle: "h23",
    timeZone: "Pacific/Auckland",
  }).format(new Date(at ?? ""));
  expect(title).toBe(there);
});

test("the workspace is stopped and started, and the log tells it", async ({ page }) => {
  await register(page, server, "Bo Example", "bo@example.com");
  const state = page.getByTestId("workspace-state");
  await expect(state).toHaveText("Running");
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(state).toHaveText("Stopped");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(state).toHaveText("Running");
  await open(page, "Usage");
  await expect(page.getByText("AI tokens", { exact: false }).first()).toBeVisible();
  await open(page, "Audit log");
  const entries = page.getByTestId("audit-entry");
  await expect(entries.filter({ hasText: "Bo Example stopped the workspace" })).toHaveCount(1);
  await expect(entries.filter({ hasText: "Bo Example started the workspace" })).toHaveCount(1);
  await page.getByLabel("What").selectOption("Signing in and out");
  await expect(entries.filter({ hasText: "stopped the workspace" })).toHaveCount(0);
});
