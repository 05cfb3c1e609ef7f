import { join } from "node:path";
import { test } from "@playwright/test";
import { withServer } from "../support/server.ts";
import { signIn } from "../support/steps.ts";

/** Pictures of the settings' and the operators' pages, light and dark, on a phone and a desk. */

const FOLDER = process.env.SCREENSHOT_DIR ?? "e2e/.results/screenshots";
const DEVICES = {
  desktop: { viewport: { width: 1360, height: 850 }, deviceScaleFactor: 1 },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true },
};
const PAGES = {
  profile: "/settings/profile",
  notifications: "/settings/notifications",
  "api-keys": "/settings/api-keys",
  data: "/settings/data",
  "audit-log": "/audit-log",
  tenants: "/operators/tenants",
  outbox: "/operators/outbox",
};

const server = withServer();

test("the settings' and the operators' pages", async ({ browser }) => {
  for (const [device, settings] of Object.entries(DEVICES)) {
    for (const colorScheme of ["light", "dark"] as const) {
      const context = await browser.newContext({ ...settings, colorScheme, reducedMotion: "reduce" });
      const page = await context.newPage();
      const shoot = (name: string) =>
        page.screenshot({ path: join(FOLDER, `${name}-${device}-${colorScheme}.png`), fullPage: true });
      await signIn(page, server);
      for (const [name, path] of Object.entries(PAGES)) {
        await page.goto(`${server.url}${path}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
        await shoot(name);
      }
      await page.goto(`${server.url}/operators/tenants`);
      await page.getByRole("link", { name: /demo/i }).first().click();
      await page.waitForURL(/\/operators\/tenants\/./);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await shoot("tenant");
      await context.close();
    }
  }
});
