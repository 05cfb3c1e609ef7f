import type { FieldProblem, LimitHit, Problem } from "@/lib/api-types";

/** A request that was refused or did not get through, in words for a person. */
export class ApiError extends Error {
  /** 0 when no answer came at all. */
  readonly status: number;
  /** Stable, such as `validation_failed`. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  /** What to do; empty where nothing is known. */
  readonly advice: string;
  readonly requestId: string | null;
  readonly fields: FieldProblem[];
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = "ApiError";
    this.status = problem.status;
    this.code = problem.code;
    this.title = problem.title;
    this.detail = problem.detail ?? "";
    this.advice = problem.advice ?? "";
    this.requestId = problem.request_id ?? null;
    this.fields = problem.errors ?? [];
    this.problem = problem;
  }

  /** The limit that was reached, if it was one. */
  get limit(): LimitHit | null {
    const { limit, used, allowed, unit } = this.problem;
    if (limit === undefined || allowed === undefined) return null;
    return { name: limit, used: used ?? allowed, allowed, unit: unit ?? "" };
  }

  /** True when asking again may help: nothing is wrong with the request itself. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** True when the session is over or never was. A wrong password or a sign-in that took too long is not that. */
  get isSignedOut(): boolean {
    return this.status === 401 && this.code !== "invalid_credentials" && this.code !== "invalid_challenge";
  }
}

/** The error for a request that got no answer. */
export function unreachable(cause: unknown): ApiError {
  const error = new ApiError({
    status: 0,
    code: "unreachable",
    title: "2Bot can not be reached",
    detail: "No answer came from the server. Check your connection; we keep trying where we can.",
  });
  error.cause = cause;
  return error;
}

/** Makes an error of an answer that is not a success, whatever its body turns out to be. */
export async function errorFromResponse(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("x-request-id") ?? undefined;
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    // A proxy's HTML page, or nothing: the status is all that there is to tell.
  }
  return new ApiError({ ...fallback(response.status), request_id: requestId, ...readProblem(body) });
}

/** Anything that was thrown, as an `ApiError`. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const made = new ApiError({
    status: 0,
    code: "unexpected",
    title: "Something went wrong on this page",
    detail: error instanceof Error ? error.message : String(error),
  });
  made.cause = error;
  return made;
}

function readProblem(body: unknown): Partial<Problem> {
  if (typeof body !== "object" || body === null) return {};
  const { title, code } = body as Record<string, unknown>;
  // Without these two it is some other service's JSON.
  if (typeof title !== "string" && typeof code !== "string") return {};
  const problem = Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== null && value !== undefined),
  ) as Partial<Problem>;
  if (problem.errors && !Array.isArray(problem.errors)) delete problem.errors;
  return problem;
}

function fallback(status: number): Problem {
  const title =
    status === 401
      ? "Sign in to go on"
      : status === 403
        ? "This is not allowed"
        : status === 404
          ? "This does not exist"
          : status === 429
            ? "Too many requests"
            : status >= 500
              ? "The server has a problem"
              : "The request was refused";
  return { status, code: `http_${status}`, title, detail: `The server answered with status ${status}.` };
}
