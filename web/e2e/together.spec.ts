import { expect, test } from "@playwright/test";
import { withServer } from "./support/server.ts";
import { open, signIn } from "./support/steps.ts";

const server = withServer();

test("who edits what somebody else changes meanwhile is asked, and loses nothing", async ({ page }) => {
  await signIn(page, server);
  await open(page, "Gateways");
  await page.getByRole("link", { name: /Demo bot/ }).click();
  const name = page.getByLabel("Name", { exact: true });
  await expect(name).toHaveValue("Demo bot");
  const id = page.url().split("/").pop() ?? "";
  const elsewhere = async (to: string) => {
    const answer = await page.request.patch(`${server.url}/api/v1/gateways/${id}`, {
      data: { name: to },
      headers: { origin: server.url },
    });
    expect(answer.status()).toBe(200);
  };

  await name.fill("Front desk");
  await elsewhere("Back office");
  const asked = page.getByRole("alert").filter({ hasText: "This gateway was changed meanwhile" });
  // The page hears of it by itself; if not, saving is refused.
  const save = page.getByRole("button", { name: "Save changes" });
  if (!(await asked.isVisible())) await save.click();
  await expect(asked).toBeVisible();
  await expect(name).toHaveValue("Front desk");
  await asked.getByRole("button", { name: "Keep mine" }).click();
  await expect(asked).toBeHidden();
  await save.click();
  await expect(page.getByRole("heading", { name: "Front desk" })).toBeVisible();

  await name.fill("Reception");
  await elsewhere("Lobby");
  if (!(await asked.isVisible())) await save.click();
  await asked.getByRole("button", { name: "Load what is stored" }).click();
  await expect(name).toHaveValue("Lobby");
});
