import { defineConfig } from "@playwright/test";
import { browser } from "./e2e/support/browser.ts";

export default defineConfig({
  testDir: "e2e",
  outputDir: "e2e/.results/artifacts",
  fullyParallel: false,
  // Every journey starts a server of its own; two at a time are enough for two cores.
  workers: 2,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    ...browser,
    viewport: { width: 1280, height: 800 },
    actionTimeout: 15_000,
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
  },
});
