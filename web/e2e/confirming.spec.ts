import { expect, test, type Page } from "@playwright/test";
import { linksInOutbox } from "./support/mails.ts";
import { withServer } from "./support/server.ts";
import { open, openSettings, register } from "./support/steps.ts";

const server = withServer();

const asked = (page: Page) => page.getByRole("region", { name: "Confirm your address" });
const deadLink = (page: Page) => page.getByRole("alert").filter({ hasText: "This link does not work" });

test("an address is asked for until it is confirmed, and the mail is sent again", async ({ page }) => {
  await register(page, server, "Ada Example", "ada@example.com");
  await expect(asked(page)).toContainText("ada@example.com");
  await asked(page).getByRole("button", { name: "Send it again" }).click();
  await expect(asked(page).getByRole("status")).toContainText("It was sent again");
  const links = await linksInOutbox(server, "verify", "ada@example.com", 2);
  expect(new Set(links).size).toBe(2);

  await openSettings(page, "Profile");
  await expect(page.getByText("It is not confirmed yet.")).toBeVisible();
  // Somebody's mailbox is not to be flooded: three an hour.
  const again = asked(page).getByRole("button", { name: "Send it again" });
  for (let times = 2; times <= 3; times += 1) {
    await again.click();
    await expect(again).toBeEnabled();
    await expect(asked(page).getByRole("status")).toContainText("It was sent again");
  }
  await again.click();
  await expect(asked(page).getByRole("alert")).toContainText("Too many");

  await page.goto(links[0] ?? "");
  // A button and not at once: programs that look at mails open links.
  await page.getByRole("button", { name: "Confirm this address" }).click();
  await expect(page.getByText("your address is confirmed")).toBeVisible();
  await page.getByRole("link", { name: "Open your workspace" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await expect(asked(page)).toBeHidden();
  await openSettings(page, "Profile");
  await expect(page.getByText("It is confirmed.")).toBeVisible();
  await expect(asked(page)).toBeHidden();
  await open(page, "Audit log");
  const entries = page.getByTestId("audit-entry");
  await expect(entries.filter({ hasText: "confirmed their e-mail address" })).toHaveCount(1);

  // The other link is worth nothing now.
  await page.goto(links[1] ?? "");
  await page.getByRole("button", { name: "Confirm this address" }).click();
  await expect(deadLink(page)).toBeVisible();
});

test("a link that is none says so, and leads to the sign-in", async ({ page }) => {
  await page.goto(`${server.url}/verify-email`);
  await expect(deadLink(page)).toBeVisible();
  await page.goto(`${server.url}/verify-email#token=made-up-by-somebody`);
  await page.getByRole("button", { name: "Confirm this address" }).click();
  await expect(deadLink(page)).toBeVisible();
  await page.getByRole("link", { name: "Open your workspace" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});
