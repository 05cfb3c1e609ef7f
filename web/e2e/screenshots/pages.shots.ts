import { join } from "node:path";
import { test, type APIRequestContext, type Browser, type Page } from "@playwright/test";
import { freePort, withServer, type Server } from "../support/server.ts";
import { answers, say } from "../support/steps.ts";

/** Pictures of every page, light and dark, on a phone and a desk, from the demo with a few things added. */

const FOLDER = process.env.SCREENSHOT_DIR ?? "e2e/.results/screenshots";
const DEVICES = {
  desktop: { viewport: { width: 1360, height: 850 }, deviceScaleFactor: 1, hasTouch: false },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true },
};

/** A port where nobody listens. */
let closedPort = 0;

const server = withServer(async () => {
  closedPort = await freePort();
  return { TWOBOT_EGRESS_ALLOW: `127.0.0.1:${closedPort}` };
});

test("pages of the demo", async ({ browser, playwright }) => {
  const api = await playwright.request.newContext({ baseURL: `${server.url}/api/v1/` });
  await seed(browser, api);
  const addresses = await pages(api);
  for (const [device, settings] of Object.entries(DEVICES)) {
    for (const colorScheme of ["light", "dark"] as const) {
      const context = await browser.newContext({ ...settings, colorScheme, reducedMotion: "reduce" });
      const page = await context.newPage();
      const shoot = (name: string) =>
        page.screenshot({ path: join(FOLDER, `${name}-${device}-${colorScheme}.png`) });
      for (const name of ["sign-in", "register"]) {
        await page.goto(`${server.url}/${name}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await shoot(name);
      }
      await signInBy(page, server);
      for (const [name, address] of Object.entries(addresses)) {
        await page.goto(server.url + address);
        await settled(page);
        await shoot(name);
      }
      await dialogs(page, shoot);
      await context.close();
    }
  }
});

test("pages of a new tenant", async ({ browser }) => {
  for (const [device, settings] of Object.entries(DEVICES)) {
    const context = await browser.newContext({
      ...settings,
      colorScheme: device === "phone" ? "dark" : "light",
    });
    const page = await context.newPage();
    await page.request.post(`${server.url}/api/v1/auth/register`, {
      headers: { origin: server.url },
      data: { name: "Ada Example", email: `ada-${device}@example.com`, password: "Secret-passw0rd" },
    });
    for (const name of ["", "gateways", "chat", "plugins", "activity", "analytics", "usage", "audit-log"]) {
      await page.goto(`${server.url}/${name}`);
      await settled(page);
      await page.screenshot({ path: join(FOLDER, `new-${name || "overview"}-${device}.png`) });
    }
    await context.close();
  }
});

async function settled(page: Page): Promise<void> {
  await page.locator("main :is(h1, h2, h3):visible").first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
  await page.evaluate(() => document.fonts.ready);
}

async function signInBy(page: Page, { url, email, password }: Server): Promise<void> {
  await page.request.post(`${url}/api/v1/auth/login`, {
    headers: { origin: url },
    data: { email, password },
  });
}

/** Messages of several kinds, a gateway in trouble, and a notification's worth of life. */
async function seed(browser: Browser, api: APIRequestContext): Promise<void> {
  const { email, password } = server;
  await api.post("auth/login", { headers: { origin: server.url }, data: { email, password } });
  await api.post("gateways", {
    headers: { origin: server.url },
    data: {
      kind: "ai",
      name: "House model",
      config: { provider: "custom", base_url: `http://127.0.0.1:${closedPort}/v1`, model: "house" },
      credentials: { api_key: "none" },
    },
  });
  const page = await browser.newPage();
  await signInBy(page, server);
  await page.goto(`${server.url}/chat`);
  const before = await answers(page).count();
  const texts = ["hello", "help", "Do you deliver on Sundays?", "hi again"];
  for (const [index, text] of texts.entries()) {
    await say(page, text);
    await answers(page)
      .nth(before + index)
      .waitFor();
  }
  await page.close();
}

interface Listed {
  items: { id: string; kind: string; plugin: { slug: string } | null }[];
}

async function pages(api: APIRequestContext): Promise<Record<string, string>> {
  const list = async (path: string) => ((await (await api.get(path)).json()) as Listed).items;
  const gateways = await list("gateways");
  const chat = gateways.find((gateway) => gateway.kind === "web-chat")?.id ?? "";
  const ai = gateways.find((gateway) => gateway.kind === "ai")?.id ?? "";
  const conversation = (await list(`gateways/${chat}/conversations`))[0]?.id ?? "";
  const execution = (await list("executions")).find((one) => one.plugin?.slug === "auto-reply")?.id ?? "";
  return {
    overview: "/",
    "chat-list": `/chat/${chat}`,
    chat: `/chat/${chat}/${conversation}`,
    gateways: "/gateways",
    "gateway-web-chat": `/gateways/${chat}`,
    "gateway-ai": `/gateways/${ai}`,
    "plugins-installed": "/plugins?tab=installed",
    "plugins-catalogue": "/plugins?tab=catalogue",
    plugin: "/plugins/auto-reply",
    activity: "/activity",
    execution: `/activity/${execution}`,
    analytics: "/analytics",
    usage: "/usage",
    "audit-log": "/audit-log",
    "not-found": "/nowhere",
  };
}

async function dialogs(page: Page, shoot: (name: string) => Promise<unknown>): Promise<void> {
  await page.goto(`${server.url}/gateways`);
  await page.getByRole("button", { name: "Add gateway" }).click();
  await page.getByRole("button", { name: /^Telegram bot/ }).waitFor();
  await shoot("dialog-gateway-kinds");
  await page.getByRole("button", { name: /^Telegram bot/ }).click();
  await page.getByRole("button", { name: "Save and connect" }).click();
  await shoot("dialog-gateway-form");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Notifications" }).click();
  await shoot("notifications");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Account of/ }).click();
  await shoot("user-menu");
  await page.keyboard.press("Escape");
  await page.goto(`${server.url}/plugins/auto-reply`);
  for (const tab of ["Gateways", "Actions", "Activity", "About"]) {
    await page.getByRole("tab", { name: tab }).click();
    await settled(page);
    await shoot(`plugin-${tab.toLowerCase()}`);
  }
}
