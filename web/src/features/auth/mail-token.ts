import { useEffect, useState } from "react";

/** The token that a mail's link carries behind its `#`, which browsers send to no server. */
export function readMailToken(hash: string): string {
  return new URLSearchParams(hash.replace(/^#/, "")).get("token") ?? "";
}

/** The same, once; it does not stay in the address, where others could read it later. */
export function useMailToken(): string {
  const [token] = useState(() => readMailToken(window.location.hash));
  useEffect(() => {
    if (window.location.hash) {
      window.history.replaceState(window.history.state, "", window.location.pathname);
    }
  }, []);
  return token;
}
