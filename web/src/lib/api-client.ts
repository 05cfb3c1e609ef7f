import { errorFromResponse, unreachable } from "@/lib/api-error";
import { renewingFetch } from "@/lib/renewing-fetch";

/** Everything that the dashboard asks for lives below this path of its own origin. */
export const API_BASE = "/api/v1";

export type QueryValue = string | number | boolean | null | undefined;

export interface RequestOptions {
  method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Sent as JSON. */
  body?: unknown;
  query?: Record<string, QueryValue>;
  /** The `etag` of what is changed: where somebody else changed it since, the request is refused (`precondition_failed`). */
  ifMatch?: string;
  signal?: AbortSignal;
}

/** Asks the API. Resolves with the answer's JSON (undefined for 204), rejects with an `ApiError`. */
export async function api<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
  const { method = "GET", body, query, ifMatch, signal } = options;
  const headers: Record<string, string> = { accept: "application/json, application/problem+json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (ifMatch !== undefined) headers["if-match"] = ifMatch;
  let response: Response;
  try {
    response = await renewingFetch(urlOf(path, query), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      credentials: "same-origin",
    });
  } catch (cause) {
    // A request that we gave up ourselves is no error of the network.
    if (signal?.aborted) throw cause;
    throw unreachable(cause);
  }
  if (!response.ok) throw await errorFromResponse(response);
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as Answer;
}

/** The full path of a request, with the query parameters that have a value. */
export function urlOf(path: string, query: Record<string, QueryValue> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const suffix = search.toString();
  return `${API_BASE}${path}${suffix && `?${suffix}`}`;
}

/** A path made of literal parts and values that are escaped: ``path`/gateways/${id}` ``. */
export function path(parts: TemplateStringsArray, ...values: string[]): string {
  return String.raw({ raw: parts }, ...values.map(encodeURIComponent));
}
