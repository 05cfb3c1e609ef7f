import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark" | "system";

/** `public/theme.js` reads the same key before the first paint. */
const KEY = "twobot.theme";
const listeners = new Set<() => void>();
const systemDark = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;

function read(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return "system";
  }
}

function apply(): void {
  const theme = read();
  const dark = theme === "dark" || (theme === "system" && (systemDark?.matches ?? false));
  document.documentElement.classList.toggle("dark", dark);
}

systemDark?.addEventListener("change", apply);

export function setTheme(theme: Theme): void {
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  apply();
  listeners.forEach((listener) => listener());
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    read,
    () => "system",
  );
}
