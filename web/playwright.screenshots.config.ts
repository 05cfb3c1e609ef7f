import { defineConfig } from "@playwright/test";
import { browser } from "./e2e/support/browser.ts";

/** `npm run screenshots`: not a test, it takes pictures of every page into `SCREENSHOT_DIR`. */
export default defineConfig({
  testDir: "e2e/screenshots",
  testMatch: "*.shots.ts",
  outputDir: "e2e/.results/artifacts",
  workers: 1,
  timeout: 240_000,
  reporter: [["list"]],
  use: { ...browser },
});
