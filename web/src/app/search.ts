/**
 * Makes a reader of an address's parameters the only way to them. The router puts what a reader answers over what the address has, so that a
 * parameter which the reader leaves out would be there all the same, unread.
 */
export const only =
  <Search extends object>(read: (search: Record<string, unknown>) => Search) =>
  (search: Record<string, unknown>): Search => {
    const nothing = Object.fromEntries(Object.keys(search).map((name) => [name, undefined]));
    return { ...nothing, ...read(search) };
  };

/** Where one wanted to go before signing in. */
export const readRedirect = (search: Record<string, unknown>): { redirect?: string } =>
  // Only a path of this page: never a way out to a stranger's.
  typeof search.redirect === "string" && /^\/(?![/\\])/.test(search.redirect)
    ? { redirect: search.redirect }
    : {};
