import { join } from "node:path";
import { test, type Page } from "@playwright/test";
import { withServer } from "../support/server.ts";
import { totp } from "../support/totp.ts";

/** Pictures of the Security page and of signing in by two steps, light and dark, on a phone and a desk. */

const FOLDER = process.env.SCREENSHOT_DIR ?? "e2e/.results/screenshots";
const PASSWORD = "Secret-passw0rd";
const DEVICES = {
  desktop: { viewport: { width: 1360, height: 850 }, deviceScaleFactor: 1 },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true },
};

const server = withServer();

test("the Security page and the second step", async ({ browser }) => {
  for (const [device, settings] of Object.entries(DEVICES)) {
    for (const colorScheme of ["light", "dark"] as const) {
      const context = await browser.newContext({ ...settings, colorScheme, reducedMotion: "reduce" });
      const page = await context.newPage();
      const shoot = (name: string, fullPage = false) =>
        page.screenshot({ path: join(FOLDER, `${name}-${device}-${colorScheme}.png`), fullPage });
      const email = `ada-${device}-${colorScheme}@example.com`;
      await page.request.post(`${server.url}/api/v1/auth/register`, {
        headers: { origin: server.url },
        data: { name: "Ada Example", email, password: PASSWORD },
      });
      await page.goto(`${server.url}/settings/security`);
      await page.getByRole("button", { name: "Set it up…" }).waitFor();
      await shoot("security", true);
      await setUp(page, shoot);
      await page.getByText("10 recovery codes left.").waitFor();
      await shoot("security-on", true);
      await page.getByRole("button", { name: "Turn it off…" }).click();
      await shoot("security-off-dialog");
      await page.request.post(`${server.url}/api/v1/auth/logout`, { headers: { origin: server.url } });

      await page.goto(`${server.url}/sign-in`);
      await page.getByLabel("Email").fill(email);
      await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByLabel("Code", { exact: true }).fill("none");
      await shoot("second-step");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("This one is wrong").waitFor();
      await page.getByRole("button", { name: "Use a recovery code" }).click();
      await shoot("second-step-recovery");
      await context.close();
    }
  }
});

async function setUp(page: Page, shoot: (name: string) => Promise<unknown>): Promise<void> {
  await page.getByRole("button", { name: "Set it up…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Your password", { exact: true }).fill(PASSWORD);
  await shoot("two-factor-password");
  await dialog.getByRole("button", { name: "Go on" }).click();
  await dialog.getByRole("img", { name: "The key as a QR code" }).waitFor();
  await shoot("two-factor-key");
  await dialog.getByLabel("Code", { exact: true }).fill(totp(await dialog.locator("code").innerText()));
  await dialog.getByRole("button", { name: "Turn it on" }).click();
  await dialog.getByRole("list", { name: "Recovery codes" }).waitFor();
  await shoot("two-factor-codes");
  await dialog.getByRole("button", { name: "I have kept them" }).click();
}
