/** Where a session is renewed: with a cookie that goes nowhere else, and that no script can read. */
const RENEWAL = "/api/v1/auth/refresh";

let underWay: Promise<Response> | undefined;

/** Renews the session; all who ask meanwhile wait for the one answer. Other windows may do the same: the server answers alike. */
function renew(): Promise<Response> {
  underWay ??= fetch(RENEWAL, { method: "POST", credentials: "same-origin" }).finally(() => {
    underWay = undefined;
  });
  return underWay;
}

/**
 * The browser's `fetch`, for requests that are signed in. What signs in lasts a few minutes: where the server knows it no more, the session
 * is renewed and the request sent once more. Resolves with the refusal of the renewal where that may pass, such as while the server
 * starts, so that nobody is taken for signed out by it.
 */
export async function renewingFetch(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.status !== 401 || !(await isSignedOut(response.clone()))) return response;
  const renewal = await renew();
  if (renewal.ok) return fetch(url, init);
  return renewal.status === 401 ? response : renewal.clone();
}

/** Whether the session is unknown, and not only a password wrong. */
async function isSignedOut(response: Response): Promise<boolean> {
  try {
    const problem = (await response.json()) as { code?: unknown };
    return problem.code === "unauthenticated";
  } catch {
    return false;
  }
}
