import { urlOf } from "@/lib/api-client";
import { errorFromResponse, type ApiError } from "@/lib/api-error";
import { renewingFetch } from "@/lib/renewing-fetch";
import { EventStreamParser, type ServerEvent } from "@/lib/sse/parser";

export type StreamState = "connecting" | "open" | "waiting" | "closed";

export interface StreamOptions {
  onEvent: (event: ServerEvent) => void;
  /** Called on every connection; `resumed` is false on the first. What came in between may have to be asked for. */
  onOpen?: (resumed: boolean) => void;
  onState?: (state: StreamState) => void;
  /** The server refused for good (4xx): no further try is made. */
  onRefused?: (error: ApiError) => void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Browsers allow six connections to a server; a page that nobody sees gives its own back after this time. */
const HIDDEN_GRACE_MS = 20_000;

/**
 * Follows a stream of the API until it is closed: reconnects with growing pauses, and resumes after the last event that it
 * saw. Built on `fetch` and not on `EventSource`, which hides the reason of a refusal and does not pause in hidden pages.
 */
export function openStream(path: string, options: StreamOptions): () => void {
  let lastId = "";
  let opened = false;
  let closed = false;
  let wait = FIRST_WAIT_MS;
  let attempt: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hiddenTimer: ReturnType<typeof setTimeout> | undefined;

  async function connect(): Promise<void> {
    const controller = new AbortController();
    attempt = controller;
    options.onState?.("connecting");
    try {
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (lastId !== "") headers["last-event-id"] = lastId;
      const response = await renewingFetch(urlOf(path), {
        headers,
        signal: controller.signal,
        cache: "no-store",
        credentials: "same-origin",
      });
      if (!response.ok) {
        const error = await errorFromResponse(response);
        if (!error.isTransient) {
          close();
          options.onRefused?.(error);
          return;
        }
        throw error;
      }
      await read(response, controller.signal);
    } catch {
      // A broken connection is part of life here; the next try follows below.
    }
    if (attempt === controller) attempt = null;
    if (!closed && !controller.signal.aborted) retryLater();
  }

  async function read(response: Response, signal: AbortSignal): Promise<void> {
    wait = FIRST_WAIT_MS;
    options.onState?.("open");
    options.onOpen?.(opened);
    opened = true;
    const parser = new EventStreamParser(
      {
        onEvent: (event) => {
          lastId = event.id;
          if (!closed) options.onEvent(event);
        },
        onRetry: (milliseconds) => {
          wait = Math.min(milliseconds, LONGEST_WAIT_MS);
        },
      },
      lastId,
    );
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (!reader) return;
    while (!signal.aborted) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.push(value);
    }
  }

  function retryLater(): void {
    options.onState?.("waiting");
    // The random part keeps many pages from coming back in the same instant after a restart.
    timer = setTimeout(() => void connect(), wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }

  function pause(): void {
    clearTimeout(timer);
    attempt?.abort();
    attempt = null;
  }

  function onVisibility(): void {
    clearTimeout(hiddenTimer);
    if (document.visibilityState === "hidden") {
      hiddenTimer = setTimeout(pause, HIDDEN_GRACE_MS);
    } else if (attempt === null && !closed) {
      pause();
      wait = FIRST_WAIT_MS;
      void connect();
    }
  }

  function close(): void {
    if (closed) return;
    closed = true;
    clearTimeout(hiddenTimer);
    document.removeEventListener("visibilitychange", onVisibility);
    pause();
    options.onState?.("closed");
  }

  document.addEventListener("visibilitychange", onVisibility);
  void connect();
  return close;
}
