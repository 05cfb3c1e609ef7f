import { expect, test, vi } from "vitest";
import { api, path, urlOf } from "@/lib/api-client";
import { ApiError } from "@/lib/api-error";

function answer(response: Response | Error) {
  const fetch = vi.fn<(url: string, init: RequestInit) => Promise<Response>>(() =>
    response instanceof Error ? Promise.reject(response) : Promise.resolve(response),
  );
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

async function errorOf(request: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await request.then(
    () => new Error("it should have been refused"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

test("a problem document becomes an error with all that it says", async () => {
  answer(
    Response.json(
      {
        title: "The gateway could not be saved",
        status: 422,
        code: "validation_failed",
        detail: "One field is wrong.",
        request_id: "req-1",
        errors: [{ field: "credentials.token", message: "Too short." }],
      },
      { status: 422, headers: { "content-type": "application/problem+json", "x-request-id": "req-header" } },
    ),
  );
  const error = await errorOf(api("/gateways", { method: "POST", body: {} }));
  expect(error).toMatchObject({
    status: 422,
    code: "validation_failed",
    title: "The gateway could not be saved",
    detail: "One field is wrong.",
    requestId: "req-1",
    fields: [{ field: "credentials.token", message: "Too short." }],
    isTransient: false,
    isSignedOut: false,
  });
});

test.each([
  ["a proxy's HTML page", new Response("<h1>Bad gateway</h1>", { status: 502 })],
  ["another service's JSON", Response.json({ oops: true }, { status: 502 })],
  ["an empty answer", new Response(null, { status: 502 })],
])("%s becomes an error by its status alone", async (_name, response) => {
  response.headers.set("x-request-id", "req-2");
  answer(response);
  const error = await errorOf(api("/gateways"));
  expect(error).toMatchObject({ status: 502, code: "http_502", requestId: "req-2", isTransient: true });
  expect(error.title).not.toBe("");
});

test("no answer at all is told as such, with the reason kept", async () => {
  const cause = new TypeError("Failed to fetch");
  answer(cause);
  const error = await errorOf(api("/gateways"));
  expect(error).toMatchObject({ status: 0, code: "unreachable", isTransient: true });
  expect(error.cause).toBe(cause);
});

test("a request that was given up is no error of the network", async () => {
  const controller = new AbortController();
  controller.abort();
  const cause = new DOMException("aborted", "AbortError");
  answer(cause);
  await expect(api("/gateways", { signal: controller.signal })).rejects.toBe(cause);
});

test("only a lost session signs out, a wrong password does not", async () => {
  const problem = (code: string) => Response.json({ title: "No", status: 401, code }, { status: 401 });
  answer(problem("unauthenticated"));
  expect((await errorOf(api("/auth/me"))).isSignedOut).toBe(true);
  answer(problem("invalid_credentials"));
  expect((await errorOf(api("/auth/login"))).isSignedOut).toBe(false);
});

test("a body is sent as JSON, and 204 resolves with nothing", async () => {
  const fetch = answer(new Response(null, { status: 204 }));
  await expect(api("/x", { method: "PATCH", body: { a: 1 } })).resolves.toBeUndefined();
  const [url, init] = fetch.mock.calls[0] ?? [];
  expect(url).toBe("/api/v1/x");
  expect(init).toMatchObject({ method: "PATCH", body: '{"a":1}', credentials: "same-origin" });
  expect(init?.headers).toMatchObject({ "content-type": "application/json" });
});

test("addresses leave out what has no value, and escape what has", () => {
  expect(urlOf("/executions", { plugin: undefined, state: "", limit: 0, cursor: "a+b/c" })).toBe(
    "/api/v1/executions?limit=0&cursor=a%2Bb%2Fc",
  );
  expect(path`/plugins/${"../auth/logout?x"}/config`).toBe("/plugins/..%2Fauth%2Flogout%3Fx/config");
});
