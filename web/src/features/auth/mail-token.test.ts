import { expect, test } from "vitest";
import { readMailToken } from "@/features/auth/mail-token";

test("a token is what stands behind the hash", () => {
  expect(readMailToken("#token=N2Vd0P3l-q_w")).toBe("N2Vd0P3l-q_w");
  expect(readMailToken("#other=1&token=x")).toBe("x");
  for (const none of ["", "#", "#token", "#token=", "#tokens=x"]) expect(readMailToken(none)).toBe("");
});
