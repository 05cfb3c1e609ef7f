import { expect, test } from "@playwright/test";
import { withServer } from "./support/server.ts";
import { answers, open, say, signIn } from "./support/steps.ts";

const server = withServer();

test("the demo bot answers, and its message is counted once", async ({ page }) => {
  await signIn(page, server);
  await open(page, "Analytics");
  const total = page.getByTestId("total-messages");
  await expect(total).toContainText(/^Messages0$/);

  await open(page, "Chat");
  const log = page.getByRole("log");
  await expect(log).toBeVisible();
  const before = await answers(page).count();
  await say(page, "hello");
  await expect(answers(page)).toHaveCount(before + 1);
  await expect(answers(page).last()).not.toBeEmpty();

  // Both are still there after a reload: they came from the server, not from this page.
  await page.reload();
  await expect(log).toContainText("hello");
  await expect(answers(page)).toHaveCount(before + 1);

  await open(page, "Analytics");
  await expect(total).toContainText(/^Messages1$/);

  await open(page, "Activity");
  await expect(page.getByTestId("execution").filter({ hasText: "Auto-reply" }).first()).toContainText(
    "Succeeded",
  );
});

test("who is not signed in sees nothing but the sign-in, and comes back to where they were", async ({
  page,
}) => {
  await page.goto(`${server.url}/plugins?tab=catalogue`);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.getByLabel("Email").fill(server.email);
  await page.getByLabel("Password", { exact: true }).fill("Wrong-passw0rd");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();

  await page.getByLabel("Password", { exact: true }).fill(server.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("tab", { name: "Catalogue" })).toHaveAttribute("aria-selected", "true");

  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.goto(`${server.url}/gateways`);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("no page breaks the content security policy or logs an error", async ({ page }) => {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await signIn(page, server);
  // Asking who is signed in before anyone is gets a 401, which the browser writes down.
  complaints.length = 0;
  for (const name of ["Chat", "Gateways", "Plugins", "Activity", "Analytics", "Usage", "Overview"]) {
    await open(page, name);
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
  }
  await open(page, "Gateways");
  await page.getByRole("button", { name: "Add gateway" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  expect(complaints).toEqual([]);
});
