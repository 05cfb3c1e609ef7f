import { expect, test, type Page } from "@playwright/test";
import { withServer } from "./support/server.ts";
import { enter, open, openSettings, register } from "./support/steps.ts";
import { totp } from "./support/totp.ts";

const server = withServer();
const PASSWORD = "Secret-passw0rd";

const overview = (page: Page) => page.getByRole("heading", { name: "Overview" });

test("one sees where one is signed in, ends it, and changes the password", async ({ page, browser }) => {
  await register(page, server, "Ada Example", "ada@example.com");
  const elsewhere = await (
    await browser.newContext({ userAgent: "Mozilla/5.0 (iPhone) Safari/604.1" })
  ).newPage();
  await enter(elsewhere, server, "ada@example.com", PASSWORD);
  await expect(overview(elsewhere)).toBeVisible();

  await openSettings(page, "Security");
  const sessions = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
  await expect(sessions).toHaveCount(2);
  await expect(sessions.filter({ hasText: "This one" })).toHaveCount(1);
  await page.getByRole("button", { name: /^Sign out Safari on iPhone/ }).click();
  await expect(sessions).toHaveCount(1);
  await elsewhere.reload();
  await expect(elsewhere.getByRole("heading", { name: "Sign in" })).toBeVisible();

  await enter(elsewhere, server, "ada@example.com", PASSWORD);
  await expect(overview(elsewhere)).toBeVisible();
  const change = page.getByRole("button", { name: "Change the password" });
  await page.getByLabel("Present password").fill("Wrong-passw0rd");
  await page.getByLabel("New password").fill("Another-passw0rd");
  await change.click();
  await expect(page.getByText("This is not your present password.")).toBeVisible();
  await page.getByLabel("Present password").fill(PASSWORD);
  await change.click();
  await expect(page.getByText("Your password was changed", { exact: true })).toBeVisible();
  await elsewhere.reload();
  await expect(elsewhere.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await elsewhere.context().close();

  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await enter(page, server, "ada@example.com", PASSWORD);
  await expect(page.getByText("E-mail address or password is wrong")).toBeVisible();
  await enter(page, server, "ada@example.com", "Another-passw0rd");
  await expect(overview(page)).toBeVisible();
});

test("signing in takes a code of the phone, or a recovery code", async ({ page, browser }) => {
  // A long way, with a password to be checked at each turn.
  test.setTimeout(120_000);
  await register(page, server, "Bob Example", "bob@example.com");
  await page.goto(`${server.url}/settings/security`);
  await page.getByRole("button", { name: "Set it up…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Your password", { exact: true }).fill("Wrong-passw0rd");
  await dialog.getByRole("button", { name: "Go on" }).click();
  await expect(dialog).toContainText("This is not your present password.");
  await dialog.getByLabel("Your password", { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: "Go on" }).click();
  await expect(dialog.getByRole("img", { name: "The key as a QR code" })).toBeVisible();
  const secret = await dialog.locator("code").innerText();
  expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  await dialog.getByLabel("Code", { exact: true }).fill("none");
  await dialog.getByRole("button", { name: "Turn it on" }).click();
  await expect(dialog).toContainText("This is another one.");
  await dialog.getByLabel("Code", { exact: true }).fill(totp(secret));
  await dialog.getByRole("button", { name: "Turn it on" }).click();

  const shown = dialog.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  await expect(shown).toHaveCount(10);
  const codes = await shown.allInnerTexts();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    dialog.getByRole("button", { name: "Download" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("2bot-recovery-codes.txt");
  await dialog.getByRole("button", { name: "I have kept them" }).click();
  await expect(page.getByText("10 recovery codes left.")).toBeVisible();

  // Somewhere else: a code of the phone.
  const elsewhere = await (await browser.newContext()).newPage();
  await enter(elsewhere, server, "bob@example.com", PASSWORD);
  const code = elsewhere.getByLabel("Code", { exact: true });
  await expect(code).toBeFocused();
  await expect(code).toHaveAttribute("autocomplete", "one-time-code");
  await code.fill("none");
  await elsewhere.getByRole("button", { name: "Sign in" }).click();
  await expect(elsewhere.getByText("This one is wrong, too old, or was used.")).toBeVisible();
  await code.fill(totp(secret, 1));
  await elsewhere.getByRole("button", { name: "Sign in" }).click();
  await expect(overview(elsewhere)).toBeVisible();
  await elsewhere.context().close();

  // And without the phone: a recovery code.
  const lost = await (await browser.newContext()).newPage();
  await enter(lost, server, "bob@example.com", PASSWORD);
  await lost.getByRole("button", { name: "Use a recovery code" }).click();
  await lost.getByLabel("Recovery code").fill((codes[0] ?? "").toUpperCase());
  await lost.getByRole("button", { name: "Sign in" }).click();
  await expect(overview(lost)).toBeVisible();
  await lost.goto(`${server.url}/settings/security`);
  await expect(lost.getByText("9 recovery codes left.")).toBeVisible();

  // There, new recovery codes, and the end of it.
  const there = lost.getByRole("dialog");
  const prove = async (recovery: string) => {
    await there.getByLabel("Your password", { exact: true }).fill(PASSWORD);
    const other = there.getByRole("button", { name: "Use a recovery code" });
    if (await other.isVisible()) await other.click();
    await there.getByLabel("Recovery code").fill(recovery);
  };
  await lost.getByRole("button", { name: "New recovery codes…" }).click();
  await prove(codes[0] ?? "");
  await there.getByRole("button", { name: "Make new codes" }).click();
  await expect(there).toContainText("This one is wrong, too old, or was used.");
  await prove(codes[1] ?? "");
  await there.getByRole("button", { name: "Make new codes" }).click();
  await expect(there.getByRole("list", { name: "Recovery codes" }).getByRole("listitem")).toHaveCount(10);
  const renewed = await there.getByRole("listitem").allInnerTexts();
  expect(renewed).not.toContain(codes[2]);
  await there.getByRole("button", { name: "I have kept them" }).click();
  await lost.getByRole("button", { name: "Turn it off…" }).click();
  await prove(renewed[0] ?? "");
  await there.getByRole("button", { name: "Turn it off" }).click();
  await expect(lost.getByRole("button", { name: "Set it up…" })).toBeVisible();

  await open(lost, "Audit log");
  const entries = lost.getByTestId("audit-entry");
  await expect(entries.filter({ hasText: "turned two-factor sign-in on" })).toHaveCount(1);
  await expect(entries.filter({ hasText: "The code was wrong." })).not.toHaveCount(0);
  await expect(entries.filter({ hasText: "With a recovery code." })).toHaveCount(1);
  await expect(entries.filter({ hasText: "made new recovery codes" })).not.toHaveCount(0);
  await expect(entries.filter({ hasText: "turned two-factor sign-in off" })).toHaveCount(1);
  await lost.context().close();
  await enter(page, server, "bob@example.com", PASSWORD);
  await expect(overview(page)).toBeVisible();
});
