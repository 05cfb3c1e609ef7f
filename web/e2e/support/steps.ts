import { expect, type Locator, type Page } from "@playwright/test";
import type { Server } from "./server.ts";

/** What people do again and again, in their words. */

export async function signIn(page: Page, server: Omit<Server, "command">): Promise<void> {
  await page.goto(server.url);
  await page.getByLabel("Email").fill(server.email);
  await page.getByLabel("Password", { exact: true }).fill(server.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
}

export async function register(page: Page, server: Server, name: string, email: string): Promise<void> {
  await page.goto(`${server.url}/register`);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("Secret-passw0rd");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
}

/** Tries to sign in, by a page of its own. */
export async function enter(page: Page, server: Server, email: string, password: string): Promise<void> {
  await page.goto(`${server.url}/sign-in`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Goes to one of the settings' pages by the navigation. */
export async function openSettings(page: Page, name: string): Promise<void> {
  await open(page, "Settings");
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name, exact: true })).toBeVisible();
}

/** Goes to a page by the navigation. */
export async function open(page: Page, name: string): Promise<void> {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true }).click();
}

/** Opens the dialog, picks a kind and gives it a name; the caller fills in the rest and saves. */
export async function beginGateway(page: Page, kind: RegExp, name: string): Promise<Locator> {
  await open(page, "Gateways");
  await page.getByRole("button", { name: "Add gateway" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: kind }).click();
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  return dialog;
}

/** Writes a message and waits until the server has it. */
export async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
  const own = page.getByRole("log").locator('[data-testid="message"][data-author="person"]');
  await expect(own.last()).toContainText(text);
}

/** The bot's messages in the open conversation. */
export function answers(page: Page): Locator {
  return page.getByRole("log").locator('[data-testid="message"][data-author="bot"]');
}
