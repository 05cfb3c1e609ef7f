import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@playwright/test";
import { freePort, withServer } from "./support/server.ts";
import { answers, beginGateway, open, register, say } from "./support/steps.ts";

/** What Telegram answers to a token that it does not know. */
const UNAUTHORIZED = JSON.stringify({ ok: false, error_code: 401, description: "Unauthorized" });

let telegram: HttpServer;
let closedPort = 0;

const server = withServer(async () => {
  telegram = createServer((_request, response) => {
    response.writeHead(401, { "content-type": "application/json" }).end(UNAUTHORIZED);
  });
  await new Promise<void>((resolve) => telegram.listen(0, "127.0.0.1", resolve));
  const { port } = telegram.address() as AddressInfo;
  closedPort = await freePort();
  return {
    TWOBOT_TELEGRAM_API_URL: `http://127.0.0.1:${port}`,
    TWOBOT_EGRESS_ALLOW: `127.0.0.1:${closedPort}`,
  };
});

test.afterAll(() => {
  telegram.closeAllConnections();
  telegram.close();
});

test("a token that Telegram refuses: the page says what happened and what to do", async ({ page }) => {
  await register(page, server, "Cay Example", "cay@example.com");
  const dialog = await beginGateway(page, /^Telegram bot/, "Shop bot");

  // What can not be a token is not even sent.
  await dialog.getByLabel("Bot token").fill("not a token");
  await dialog.getByRole("button", { name: "Save and connect" }).click();
  await expect(dialog.getByLabel("Bot token")).toHaveAttribute("aria-invalid", "true");

  await dialog.getByLabel("Bot token").fill("123456789:AAHwrongwrongwrongwrongwrongwrongwro");
  await dialog.getByRole("button", { name: "Save and connect" }).click();
  const found = dialog.getByTestId("trouble");
  await expect(found).toHaveAttribute("data-code", "gateway_unauthorized");
  await expect(found).toContainText(/BotFather|token/);
  await dialog.getByRole("button", { name: "Done" }).click();

  await expect(page.getByTestId("gateway-status")).toHaveAttribute("data-status", "error");
  const trouble = page.getByTestId("trouble").first();
  await expect(trouble).toHaveAttribute("data-code", "gateway_unauthorized");
  await expect(trouble.getByText("What to do:")).toBeAttached();

  // The token is nowhere on the page, and the overview tells of the trouble first.
  await expect(page.getByLabel("Bot token")).toHaveValue("");
  await open(page, "Overview");
  await expect(page.getByRole("region", { name: "Needs attention" })).toContainText("Shop bot");

  await open(page, "Gateways");
  await page.getByRole("link", { name: "Shop bot" }).click();
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: /Delete/ }).click();
  await page.getByRole("button", { name: "Delete gateway" }).click();
  await expect(page.getByText("No gateways yet")).toBeVisible();
});

test("an AI provider that is down: the gateway and the overview say so, with advice", async ({ page }) => {
  await register(page, server, "Dan Example", "dan@example.com");
  const dialog = await beginGateway(page, /^Web chat/, "Front desk");
  await dialog.getByRole("button", { name: "Save and connect" }).click();
  await dialog.getByRole("button", { name: "Done" }).click();

  await beginGateway(page, /^AI/, "My model");
  await dialog.getByLabel("Provider").selectOption("Custom");
  await dialog.getByRole("button", { name: "Save and connect" }).click();
  await expect(dialog.getByLabel("Address")).toHaveAttribute("aria-invalid", "true");
  await dialog.getByLabel("Address").fill(`http://127.0.0.1:${closedPort}/v1`);
  await dialog.getByLabel("Model").fill("any-model");
  await dialog.getByLabel("API key").fill("a-key");
  await dialog.getByRole("button", { name: "Save and connect" }).click();
  await expect(dialog.getByTestId("trouble")).toHaveAttribute("data-code", "gateway_unavailable");
  await expect(dialog.getByTestId("trouble").getByText("What to do:")).toBeAttached();
  await dialog.getByRole("button", { name: "Done" }).click();
  await expect(page.getByTestId("gateway-status")).toHaveAttribute("data-status", "error");

  await open(page, "Plugins");
  await page.getByRole("button", { name: "Install Auto-reply" }).click();
  await dialog.getByRole("checkbox", { name: /My model/ }).click();
  await dialog.getByRole("button", { name: "Allow and install" }).click();
  await expect(page.getByTestId("install-state")).toHaveText("Enabled");

  await open(page, "Chat");
  await page.getByRole("button", { name: "Start a conversation" }).click();
  await say(page, "Something that no rule knows");
  // The plugin falls back to its plain answer; what is wrong stands where its owner looks.
  await expect(answers(page).last()).toContainText("no answer");
  await open(page, "Overview");
  const attention = page.getByRole("region", { name: "Needs attention" });
  await expect(attention).toContainText("My model");
  await expect(attention.getByText("What to do:").first()).toBeAttached();
});
