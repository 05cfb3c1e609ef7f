import { expect, test, type Page } from "@playwright/test";
import { linksInOutbox } from "./support/mails.ts";
import { withServer } from "./support/server.ts";
import { enter, register } from "./support/steps.ts";

const server = withServer();
const OLD = "Secret-passw0rd";
const NEW = "Quite-an0ther-one!";

const signInPage = (page: Page) => page.getByRole("heading", { name: "Sign in" });
const overview = (page: Page) => page.getByRole("heading", { name: "Overview" });
const deadLink = (page: Page) => page.getByRole("alert").filter({ hasText: "This link does not work" });

async function ask(page: Page, email: string): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: "Send me a link" }).click();
  await expect(page.getByRole("status").filter({ hasText: `If ${email} has an account` })).toBeVisible();
}

test("who forgot the password gets in by a mail, and everybody else is signed out", async ({
  page,
  browser,
}) => {
  test.setTimeout(120_000);
  await register(page, server, "Ada Example", "ada@example.com");
  const elsewhere = await (await browser.newContext()).newPage();
  await enter(elsewhere, server, "ada@example.com", OLD);
  await expect(overview(elsewhere)).toBeVisible();

  // From the sign-in page; whether an address has an account is not told.
  const lost = await (await browser.newContext()).newPage();
  await lost.goto(`${server.url}/sign-in`);
  await lost.getByRole("link", { name: "Forgot your password?" }).click();
  await expect(lost.getByRole("heading", { name: "Forgot your password?" })).toBeVisible();
  await ask(lost, "nobody@example.com");
  await lost.getByRole("link", { name: "Back to the sign-in" }).click();
  await lost.getByRole("link", { name: "Forgot your password?" }).click();
  await ask(lost, "ada@example.com");
  const [link = ""] = await linksInOutbox(server, "reset", "ada@example.com");

  await lost.goto(link);
  await expect(lost.getByRole("heading", { name: "Choose a new password" })).toBeVisible();
  // Nobody finds the token later in the address, or in what the browser keeps of it.
  expect(new URL(lost.url()).hash).toBe("");
  const password = lost.getByLabel("New password", { exact: true });
  const use = lost.getByRole("button", { name: "Use this password" });
  await expect(password).toBeFocused();
  await password.fill("too-short");
  await expect(use).toBeDisabled();
  // It has all that is asked for, and is on every list of those who guess.
  await password.fill("Password1!");
  await use.click();
  await expect(password).toHaveAttribute("aria-invalid", "true");
  await password.fill(NEW);
  await use.click();
  await expect(signInPage(lost)).toBeVisible();
  await expect(lost.getByText("Your password is the new one", { exact: true })).toBeVisible();

  for (const before of [page, elsewhere]) {
    await before.reload();
    await expect(signInPage(before)).toBeVisible();
  }
  await elsewhere.context().close();
  await enter(page, server, "ada@example.com", OLD);
  await expect(page.getByText("E-mail address or password is wrong")).toBeVisible();
  await enter(page, server, "ada@example.com", NEW);
  await expect(overview(page)).toBeVisible();
  await page.goto(`${server.url}/audit-log`);
  await expect(page.getByTestId("audit-entry").filter({ hasText: "chose a new password" })).toHaveCount(1);

  // The link has done what it can.
  await lost.goto(link);
  await password.fill("And-0ne-more-try!");
  await use.click();
  await expect(deadLink(lost)).toBeVisible();
  await expect(password).toBeHidden();
  await lost.getByRole("link", { name: "Ask for a new link" }).click();
  await expect(lost.getByRole("heading", { name: "Forgot your password?" })).toBeVisible();
  await lost.context().close();
});

test("a link that is none says so, and a new one over it works", async ({ page }) => {
  await register(page, server, "Bea Example", "bea@example.com");
  await page.goto(`${server.url}/reset-password`);
  await expect(deadLink(page)).toBeVisible();
  await page.goto(`${server.url}/reset-password#token=made-up-by-somebody`);
  await page.getByLabel("New password", { exact: true }).fill(NEW);
  await page.getByRole("button", { name: "Use this password" }).click();
  await expect(deadLink(page)).toBeVisible();
  const asked = await page.request.post(`${server.url}/api/v1/auth/forgot-password`, {
    headers: { origin: server.url },
    data: { email: "bea@example.com" },
  });
  expect(asked.status()).toBe(202);
  // Pasted into the same tab: the page is not loaded again for what is behind the hash.
  const [link = ""] = await linksInOutbox(server, "reset", "bea@example.com");
  await page.goto(link);
  await page.getByLabel("New password", { exact: true }).fill(NEW);
  await page.getByRole("button", { name: "Use this password" }).click();
  await expect(signInPage(page)).toBeVisible();
  await enter(page, server, "bea@example.com", NEW);
  await expect(overview(page)).toBeVisible();
});
