import { expect, test } from "@playwright/test";
import { withServer } from "./support/server.ts";
import { register } from "./support/steps.ts";

const server = withServer();

test("registering says at the field what is wrong", async ({ page }) => {
  await register(page, server, "Ada Example", "ada@example.com");
  await page.context().clearCookies();
  await page.goto(`${server.url}/register`);
  const make = page.getByRole("button", { name: "Create account" });
  const [email, password] = [page.getByLabel("Email"), page.getByLabel("Password", { exact: true })];
  await expect(page.getByLabel("Name")).toBeFocused();
  await page.getByLabel("Name").fill("Another Ada");
  await email.fill("ada@example.com");
  // What is still missing is said while it is typed.
  await password.fill("secret-passw0rd");
  await expect(make).toBeDisabled();
  const needs = page.getByRole("list", { name: "What the password needs" });
  await expect(needs.getByRole("listitem").filter({ hasText: "(missing)" })).toHaveText(
    /An upper case letter/,
  );
  await password.fill("Secret-passw0rd");
  await make.click();
  await expect(email).toHaveAttribute("aria-invalid", "true");
  await email.fill("ada");
  await make.click();
  await expect(email).toHaveAttribute("aria-invalid", "true");
  await email.fill("ada2@example.com");
  await make.click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
});

test("signing in leads on to where one wanted to go, and nowhere else", async ({ page }) => {
  await page.goto(`${server.url}/settings`);
  await page.getByLabel("Email").fill(server.email);
  await page.getByLabel("Password", { exact: true }).fill(server.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Profile", exact: true })).toBeVisible();
  for (const elsewhere of ["https://127.0.0.1:1/", "//127.0.0.1:1/"]) {
    await page.context().clearCookies();
    await page.goto(`${server.url}/sign-in?redirect=${encodeURIComponent(elsewhere)}`);
    await page.getByLabel("Email").fill(server.email);
    await page.getByLabel("Password", { exact: true }).fill(server.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  }
});
