import { useEffect, useState } from "react";

/** The token that a mail's link carries behind its `#`, which browsers send to no server. */
export function readMailToken(hash: string): string {
  return new URLSearchParams(hash.replace(/^#/, "")).get("token") ?? "";
}

/**
 * The same, taken out of the address, where others could read it later. Who pastes the link of a newer mail over it stays on the page: only
 * what is behind the `#` changes.
 */
export function useMailToken(): string {
  const [token, setToken] = useState(() => readMailToken(window.location.hash));
  useEffect(() => {
    function take() {
      if (!window.location.hash) return;
      setToken(readMailToken(window.location.hash));
      window.history.replaceState(window.history.state, "", window.location.pathname);
    }
    take();
    window.addEventListener("hashchange", take);
    return () => window.removeEventListener("hashchange", take);
  }, []);
  return token;
}
