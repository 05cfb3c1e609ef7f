import { readFile } from "node:fs/promises";
import { expect, test } from "@playwright/test";
import { strFromU8, unzipSync } from "fflate";
import { withServer } from "./support/server.ts";
import { open, openSettings, register } from "./support/steps.ts";

const server = withServer();

test("one takes everything along, asks for the end, and stays after all", async ({ page }) => {
  await register(page, server, "Cy Example", "cy@example.com");
  await openSettings(page, "Your data");

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^2bot-export-\d{4}-\d\d-\d\d\.zip$/);
  // Read by somebody else's program: an archive that only its writer can read is none.
  const files = unzipSync(await readFile(await download.path()));
  const users = strFromU8(files["users.jsonl"] ?? new Uint8Array());
  expect(users).toContain('"email":"cy@example.com"');

  await page.getByRole("button", { name: "Delete the account…" }).click();
  const dialog = page.getByRole("dialog");
  const confirm = dialog.getByRole("button", { name: "Delete the account" });
  await expect(confirm).toBeDisabled();
  const password = dialog.getByLabel("Your password", { exact: true });
  await password.fill("Wrong-passw0rd");
  await confirm.click();
  await expect(dialog.getByText("This is not your present password.")).toBeVisible();
  await password.fill("Secret-passw0rd");
  await confirm.click();
  await expect(dialog).toBeHidden();

  // It is told on every page, and can be called off on each.
  const banner = page.getByRole("status").filter({ hasText: "will be deleted on" });
  await open(page, "Overview");
  await expect(banner).toBeVisible();
  await banner.getByRole("button", { name: "Keep the account" }).click();
  await expect(banner).toBeHidden();
  await open(page, "Audit log");
  const entries = page.getByTestId("audit-entry");
  await expect(entries.filter({ hasText: "asked for the deletion of the account" })).toHaveCount(1);
  await expect(entries.filter({ hasText: "called off the deletion" })).toHaveCount(1);
});
