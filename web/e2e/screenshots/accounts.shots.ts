import { join } from "node:path";
import { test, type Page } from "@playwright/test";
import { linksInOutbox } from "../support/mails.ts";
import { withServer } from "../support/server.ts";
import { signIn } from "../support/steps.ts";

/** Pictures of what surrounds an account, light and dark, on a phone and a desk: getting one, getting back in, and its pages. */

const FOLDER = process.env.SCREENSHOT_DIR ?? "e2e/.results/screenshots";
const DEVICES = {
  desktop: { viewport: { width: 1360, height: 850 }, deviceScaleFactor: 1 },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true },
};

const server = withServer();
let number = 0;

test("the accounts' pages", async ({ browser }) => {
  for (const [device, settings] of Object.entries(DEVICES)) {
    for (const colorScheme of ["light", "dark"] as const) {
      const context = await browser.newContext({ ...settings, colorScheme, reducedMotion: "reduce" });
      const page = await context.newPage();
      const shoot = async (name: string, fullPage = true) => {
        await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
        const path = join(FOLDER, `account-${name}-${device}-${colorScheme}.png`);
        await page.screenshot({ path, fullPage });
      };
      const email = `ada${(number += 1)}@example.com`;
      await before(page, email, shoot);
      await behind(page, shoot, device === "phone");
      await context.close();

      const operators = await browser.newContext({ ...settings, colorScheme, reducedMotion: "reduce" });
      const outbox = await operators.newPage();
      await signIn(outbox, server);
      await outbox.goto(`${server.url}/operators/outbox`);
      await outbox
        .getByRole("button", { name: /^Show Verify/ })
        .first()
        .click();
      await outbox.getByRole("dialog").locator("pre").waitFor();
      const path = (name: string) => join(FOLDER, `account-${name}-${device}-${colorScheme}.png`);
      await outbox.screenshot({ path: path("outbox-mail") });
      await outbox.goto(`${server.url}/operators/outbox?state=failed`);
      await outbox.getByText("No mail fits these filters").waitFor();
      await outbox.screenshot({ path: path("outbox-none") });
      await operators.close();
    }
  }
});

type Shoot = (name: string, fullPage?: boolean) => Promise<unknown>;

/** The pages in front of the sign-in. */
async function before(page: Page, email: string, shoot: Shoot): Promise<void> {
  for (const name of ["sign-in", "register", "forgot-password", "verify-email", "reset-password"]) {
    await page.goto(`${server.url}/${name}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await shoot(name === "verify-email" || name === "reset-password" ? `${name}-dead` : name);
  }
  await page.goto(`${server.url}/sign-in`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("Wrong-passw0rd");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await shoot("sign-in-wrong");
  await page.goto(`${server.url}/register`);
  await page.getByLabel("Name").fill("Ada Example");
  await page.getByLabel("Email").fill(server.email);
  await page.getByLabel("Password", { exact: true }).fill("Secret-passw0rd");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("has an account").first().waitFor();
  await shoot("register-taken");
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`${server.url}/forgot-password`);
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: "Send me a link" }).click();
  await page.getByRole("status").filter({ hasText: "on its way" }).waitFor();
  await shoot("forgot-password-sent");
  await page.goto((await linksInOutbox(server, "reset", email))[0] ?? "");
  await page.getByLabel("New password", { exact: true }).fill("Quite-an0ther");
  await shoot("reset-password");
}

/** The pages behind it that have more than one face. */
async function behind(page: Page, shoot: Shoot, phone: boolean): Promise<void> {
  await page.goto(`${server.url}/`);
  await page.getByRole("region", { name: "Confirm your address" }).waitFor();
  await shoot("overview");
  if (phone) {
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("dialog").waitFor();
    await shoot("more", false);
    await page.keyboard.press("Escape");
  }
  await page.goto(`${server.url}/settings/profile`);
  const again = page.getByRole("button", { name: "Send it again" });
  for (const said of ["It was sent again", "It was sent again", "It was sent again", "Too many"]) {
    await again.click();
    await page.getByText(said).first().waitFor();
    await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
  }
  await shoot("profile-not-again");
  await page.goto(`${server.url}/settings/data`);
  await page.getByRole("button", { name: "Delete the account…" }).click();
  await page.getByRole("dialog").waitFor();
  await shoot("delete", false);
  await page.keyboard.press("Escape");
  await page.goto(`${server.url}/audit-log`);
  await page
    .getByRole("button", { name: /^Details/ })
    .first()
    .click();
  await shoot("audit-log-detail");
  await page.goto(`${server.url}/audit-log?outcome=denied`);
  await page.getByText("Nothing fits these filters").waitFor();
  await shoot("audit-log-none");
}
