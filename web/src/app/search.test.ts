import { createMemoryHistory, createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { expect, test } from "vitest";
import { only, readRedirect } from "@/app/search";

/** What a page of the router gets of an address. */
async function searchOf(address: string): Promise<Record<string, unknown>> {
  const root = createRootRoute();
  const page = createRoute({
    getParentRoute: () => root,
    path: "/sign-in",
    validateSearch: only(readRedirect),
  });
  const router = createRouter({
    routeTree: root.addChildren([page]),
    history: createMemoryHistory({ initialEntries: [address] }),
  });
  await router.load();
  return router.state.matches.at(-1)?.search ?? {};
}

test("who signs in is led on within these pages, and nowhere else", async () => {
  expect((await searchOf("/sign-in?redirect=%2Fchat%3Fa%3D1")).redirect).toBe("/chat?a=1");
  for (const elsewhere of [
    "https://example.com/",
    "//example.com/",
    "/\\example.com",
    "javascript:alert(1)",
    "chat",
  ]) {
    const search = await searchOf(`/sign-in?redirect=${encodeURIComponent(elsewhere)}`);
    expect(search.redirect, elsewhere).toBeUndefined();
  }
  expect((await searchOf("/sign-in?other=1")).other).toBeUndefined();
});
