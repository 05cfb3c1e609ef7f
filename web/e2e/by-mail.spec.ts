import { expect, test } from "@playwright/test";
import { MailServer } from "./support/mail-server.ts";
import { linkIn } from "./support/mails.ts";
import { withServer } from "./support/server.ts";
import { enter, open, signIn } from "./support/steps.ts";

let mails: MailServer;
const server = withServer(async () => {
  mails = await MailServer.start();
  return { TWOBOT_SMTP_URL: mails.url, TWOBOT_MAIL_FROM: "2Bot <bots@example.org>" };
});
test.afterAll(() => mails.stop());

const PASSWORD = "Secret-passw0rd";

test("where mails go out, an account begins with its address being confirmed", async ({ page, browser }) => {
  await page.goto(`${server.url}/register`);
  await page.getByLabel("Name").fill("Ada Example");
  await page.getByLabel("Email").fill("ada@example.com");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(
    page.getByRole("status").filter({ hasText: "A mail to ada@example.com is on its way" }),
  ).toBeVisible();
  await expect.poll(() => mails.to("ada@example.com").length).toBe(1);

  // Until then the account opens to nobody; who tries gets the mail once more.
  await enter(page, server, "ada@example.com", PASSWORD);
  await expect(page.getByText("E-mail address or password is wrong")).toBeVisible();
  await expect.poll(() => mails.to("ada@example.com").length).toBe(2);

  const link = linkIn(mails.to("ada@example.com")[1]?.text ?? "");
  await page.goto(link ?? "");
  const confirm = page.getByRole("button", { name: "Confirm this address" });
  await confirm.click();
  // Whoever reads the mail must not confirm somebody else's registration: the password is wanted, too.
  const password = page.getByLabel("Password", { exact: true });
  await expect(password).toBeFocused();
  await expect(confirm).toBeDisabled();
  await password.fill("Wrong-passw0rd");
  await confirm.click();
  await expect(page.getByText("This is not the one that was chosen with this link.")).toBeVisible();
  await password.fill(PASSWORD);
  await confirm.click();
  await expect(page.getByText("your address is confirmed")).toBeVisible();
  await page.getByRole("link", { name: "Open your workspace" }).click();
  await page.getByLabel("Email").fill("ada@example.com");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Confirm your address" })).toBeHidden();

  // What was sent is for nobody but its reader, an operator neither.
  const operator = await (await browser.newContext()).newPage();
  await signIn(operator, server);
  await open(operator, "Outbox");
  await operator.getByLabel("State").selectOption("Sent");
  await operator.getByLabel("Address").fill("ada@example.com");
  await operator.getByLabel("Address").press("Enter");
  await operator.getByRole("button", { name: "Show Verify to ada@example.com" }).first().click();
  await expect(operator.getByRole("dialog")).toContainText("What it says is not shown");
  await operator.keyboard.press("Escape");
  await operator.getByLabel("State").selectOption("Given up");
  await expect(operator.getByText("No mail fits these filters")).toBeVisible();
  await operator.getByRole("button", { name: "Clear the filters" }).click();
  await expect(operator.getByLabel("Address")).toHaveValue("");
  await expect(operator.getByTestId("mail")).not.toHaveCount(0);
  await operator.context().close();
});
