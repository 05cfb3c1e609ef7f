import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openStream } from "@/lib/sse/stream";

/** A server whose connections the test holds in its hand. */
class FakeServer {
  readonly requests: { url: string; lastEventId: string | null }[] = [];
  readonly connections: ReadableStreamDefaultController<Uint8Array>[] = [];
  refuse: Response | null = null;

  readonly fetch = (url: string, init: RequestInit): Promise<Response> => {
    this.requests.push({ url, lastEventId: new Headers(init.headers).get("last-event-id") });
    if (this.refuse) return Promise.resolve(this.refuse);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.connections.push(controller);
        init.signal?.addEventListener("abort", () =>
          controller.error(new DOMException("aborted", "AbortError")),
        );
      },
    });
    return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  };

  say(text: string) {
    this.connections.at(-1)?.enqueue(new TextEncoder().encode(text));
  }
}

let server: FakeServer;
let close: (() => void) | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  // Pauses are random within bounds; here they are their middle.
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  server = new FakeServer();
  vi.stubGlobal("fetch", server.fetch);
});

afterEach(() => {
  close?.();
  vi.useRealTimers();
});

test("resumes after the last event that it saw", async () => {
  const events: string[] = [];
  const opens: boolean[] = [];
  close = openStream("/conversations/1/stream", {
    onEvent: (event) => events.push(event.data),
    onOpen: (resumed) => opens.push(resumed),
  });
  await vi.waitFor(() => expect(server.connections).toHaveLength(1));
  server.say("id: 5\ndata: first\n\nid: 6\ndata: sec");
  await vi.waitFor(() => expect(events).toEqual(["first"]));

  server.connections[0]?.close();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.requests).toEqual([
    { url: "/api/v1/conversations/1/stream", lastEventId: null },
    { url: "/api/v1/conversations/1/stream", lastEventId: "5" },
  ]);
  // Half of an event died with its connection; the server says it again.
  server.say("id: 6\ndata: second\n\n");
  await vi.waitFor(() => expect(events).toEqual(["first", "second"]));
  expect(opens).toEqual([false, true]);
});

test("tries again with growing pauses while the server is away", async () => {
  const states: string[] = [];
  server.refuse = new Response(null, { status: 503 });
  close = openStream("/live", { onEvent: () => undefined, onState: (state) => states.push(state) });
  await vi.advanceTimersByTimeAsync(550);
  expect(server.requests).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(900);
  expect(server.requests).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(100);
  expect(server.requests).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(60_000);
  const soFar = server.requests.length;
  expect(soFar).toBeGreaterThan(5);
  expect(soFar).toBeLessThan(15);
  expect(states).not.toContain("open");
});

test("a refusal for good ends it, and is told", async () => {
  server.refuse = Response.json({ title: "Not here", status: 404, code: "not_found" }, { status: 404 });
  const onRefused = vi.fn();
  close = openStream("/conversations/9/stream", { onEvent: () => undefined, onRefused });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.requests).toHaveLength(1);
  expect(onRefused).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "not_found" }));
});

test("says nothing more once it is closed", async () => {
  const onEvent = vi.fn();
  const end = openStream("/live", { onEvent });
  await vi.waitFor(() => expect(server.connections).toHaveLength(1));
  end();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(onEvent).not.toHaveBeenCalled();
  expect(server.requests).toHaveLength(1);
});
