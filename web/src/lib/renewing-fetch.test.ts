import { expect, test, vi } from "vitest";
import { renewingFetch } from "@/lib/renewing-fetch";

const refusal = (code: string) => Response.json({ code }, { status: 401 });
const fine = () => new Response("{}", { status: 200 });
const renewed = () => new Response(null, { status: 204 });

/** Answers by the path, each time with the next answer; the last one stays. */
function server(answers: Record<string, (() => Response | Promise<Response>)[]>) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    const left = answers[url] ?? [];
    const next = left.length > 1 ? left.shift() : left[0];
    return Promise.resolve(next?.() ?? new Response(null, { status: 404 }));
  });
  return asked;
}

const RENEWAL = "/api/v1/auth/refresh";

test("a session that is over is renewed, and the request sent again", async () => {
  const asked = server({ "/x": [() => refusal("unauthenticated"), fine], [RENEWAL]: [renewed] });
  expect((await renewingFetch("/x", {})).status).toBe(200);
  expect(asked).toEqual(["/x", RENEWAL, "/x"]);
});

test("many requests at once wait for one renewal", async () => {
  let signedIn = false;
  const page = () => (signedIn ? fine() : refusal("unauthenticated"));
  const asked = server({
    "/x": [page],
    [RENEWAL]: [
      async () => {
        await Promise.resolve();
        signedIn = true;
        return renewed();
      },
    ],
  });
  const all = await Promise.all(Array.from({ length: 5 }, () => renewingFetch("/x", {})));
  expect(all.map((one) => one.status)).toEqual([200, 200, 200, 200, 200]);
  expect(asked.filter((url) => url === RENEWAL)).toHaveLength(1);
});

test("a wrong password is no reason to renew", async () => {
  const asked = server({ "/x": [() => refusal("invalid_credentials")], [RENEWAL]: [renewed] });
  expect((await renewingFetch("/x", {})).status).toBe(401);
  expect(asked).toEqual(["/x"]);
});

test("who can not renew is signed out, and asks no third time", async () => {
  const asked = server({
    "/x": [() => refusal("unauthenticated")],
    [RENEWAL]: [() => refusal("unauthenticated"), renewed],
  });
  expect((await renewingFetch("/x", {})).status).toBe(401);
  expect((await renewingFetch("/x", {})).status).toBe(401);
  expect(asked).toEqual(["/x", RENEWAL, "/x", RENEWAL, "/x"]);
});

test("a server that can not renew just now signs nobody out", async () => {
  server({
    "/x": [() => refusal("unauthenticated")],
    [RENEWAL]: [() => new Response(null, { status: 503 })],
  });
  expect((await renewingFetch("/x", {})).status).toBe(503);
});
