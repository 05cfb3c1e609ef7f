const ALLOWED = new Set(["http:", "https:", "mailto:", "tel:", "tg:"]);

/** The address, when following it can do no more than open a page, a mail or a call; else null. */
export function safeHref(href: string): string | null {
  try {
    const url = new URL(href);
    return ALLOWED.has(url.protocol) ? url.href : null;
  } catch {
    // Not absolute: nothing that a stranger's text should point to within the dashboard.
    return null;
  }
}
