import { expect, test } from "@playwright/test";
import { withServer } from "./support/server.ts";
import { answers, beginGateway, open, register, say } from "./support/steps.ts";

const server = withServer();

test("a new tenant gets from nothing to an answer", async ({ page }) => {
  await register(page, server, "Ada Example", "ada@example.com");

  // Every empty page says what to do.
  await expect(page.getByText("Getting started")).toBeVisible();
  await open(page, "Gateways");
  await expect(page.getByText("No gateways yet")).toBeVisible();
  await open(page, "Chat");
  await expect(page.getByText("No web chat yet")).toBeVisible();
  await open(page, "Activity");
  await expect(page.getByText("Nothing has run yet")).toBeVisible();
  await open(page, "Analytics");
  await expect(page.getByText("No plugin reports anything yet")).toBeVisible();

  const dialog = await beginGateway(page, /^Web chat/, "Front desk");
  await dialog.getByRole("button", { name: "Save and connect" }).click();
  await expect(dialog.getByTestId("gateway-test-ok")).toBeVisible();
  await dialog.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("heading", { name: /Front desk/ })).toBeVisible();
  await expect(page.getByTestId("gateway-status")).toHaveAttribute("data-status", "connected");

  await open(page, "Plugins");
  await page.getByRole("button", { name: "Install Auto-reply" }).click();
  // What it asks for is said before it is allowed.
  await expect(dialog).toContainText("Send messages");
  await expect(dialog.getByRole("checkbox", { name: /Front desk/ })).toBeChecked();
  await dialog.getByRole("button", { name: "Allow and install" }).click();
  await expect(page.getByTestId("install-state")).toHaveText("Enabled");

  await open(page, "Chat");
  await page.getByRole("button", { name: "Start a conversation" }).click();
  await say(page, "hello");
  await expect(answers(page).last()).toContainText("Ada Example");

  await open(page, "Overview");
  await expect(page.getByText("Getting started")).toBeHidden();
});

test("a rule of one's own answers at once, and a wrong one is refused at its field", async ({ page }) => {
  await register(page, server, "Bea Example", "bea@example.com");
  const dialog = await beginGateway(page, /^Web chat/, "Front desk");
  await dialog.getByRole("button", { name: "Save and connect" }).click();
  await dialog.getByRole("button", { name: "Done" }).click();
  await open(page, "Plugins");
  await page.getByRole("button", { name: "Install Auto-reply" }).click();
  await dialog.getByRole("button", { name: "Allow and install" }).click();
  await expect(page.getByTestId("install-state")).toHaveText("Enabled");

  await page.getByRole("button", { name: "Add rule" }).click();
  const rule = page.getByRole("region", { name: /^Rule \d+$/ }).last();
  await rule.getByLabel("Text").fill("opening hours");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(rule.getByLabel("Reply")).toHaveAttribute("aria-invalid", "true");
  await rule.getByLabel("Reply").fill("From *nine* to five.");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();

  await open(page, "Chat");
  await page.getByRole("button", { name: "Start a conversation" }).click();
  await say(page, "What are your opening hours?");
  await expect(answers(page).last()).toContainText("to five.");
});
