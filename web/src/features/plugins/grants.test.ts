import { expect, test } from "vitest";
import { grantedNow, grantedWithNews } from "@/features/plugins/grants";
import type { Install } from "@/lib/api-types";

test("going on without keeps what was granted, and allowing adds only what is new", () => {
  const install = {
    plugin: { capabilities: ["storage", "send", "ai", "notify"] },
    // `schedule` was granted to an older version that asked for it.
    grants: ["ai", "schedule", "storage"],
    undecided: ["notify"],
  } as Install;
  expect(grantedNow(install)).toEqual(["storage", "ai"]);
  expect(grantedWithNews(install)).toEqual(["storage", "ai", "notify"]);
});
