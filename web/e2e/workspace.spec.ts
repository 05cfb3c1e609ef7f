import { expect, test } from "@playwright/test";
import { withServer } from "./support/server.ts";
import { answers, beginGateway, open, register, say } from "./support/steps.ts";

const server = withServer();

test("a stopped workspace keeps what comes, and its use is shown against the limits", async ({ page }) => {
  await register(page, server, "Ada Example", "ada@example.com");
  const dialog = await beginGateway(page, /^Web chat/, "Front desk");
  await dialog.getByRole("button", { name: "Save and connect" }).click();
  await dialog.getByRole("button", { name: "Done" }).click();
  await open(page, "Plugins");
  await page.getByRole("button", { name: "Install Auto-reply" }).click();
  await dialog.getByRole("button", { name: "Allow and install" }).click();
  await expect(page.getByTestId("install-state")).toHaveText("Enabled");

  await open(page, "Overview");
  const state = page.getByTestId("workspace-state");
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(state).toHaveText("Stopped");
  await open(page, "Chat");
  await page.getByRole("button", { name: "Start a conversation" }).click();
  await say(page, "hello");
  await open(page, "Overview");
  // What waits is no news that pages are told.
  await page.reload();
  const figure = (name: string) => page.locator("main dl > div").filter({ hasText: name }).locator("dd");
  await expect(figure("Waiting events")).toHaveText("1");
  await expect(figure("Gateways")).toHaveText("1");

  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(state).toHaveText("Running");
  await open(page, "Chat");
  await expect(answers(page).last()).toContainText("Ada Example");

  await open(page, "Usage");
  await page.reload();
  const share = (name: string) => page.getByRole("meter", { name: `${name}: used share` });
  await expect(share("AI tokens this month")).toBeVisible();
  // The free plan allows two gateways.
  await expect(page.getByText("1 of 2", { exact: true })).not.toHaveCount(0);
  await expect(share("Gateways")).toHaveAttribute("aria-valuenow", "50");
});
