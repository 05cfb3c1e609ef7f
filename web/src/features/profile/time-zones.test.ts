import { expect, test } from "vitest";
import { zones } from "@/features/profile/time-zones";

test("what was chosen is always among the zones, and each is there once", () => {
  for (const chosen of [null, "UTC", "Europe/London", "Mars/Olympus"]) {
    const list = zones(chosen);
    expect(new Set(list).size).toBe(list.length);
    if (chosen !== null) expect(list).toContain(chosen);
  }
});
