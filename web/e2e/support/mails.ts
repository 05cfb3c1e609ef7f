import { expect, request } from "@playwright/test";
import type { Server } from "./server.ts";

interface Listed {
  items: { id: string; kind: string }[];
}

/**
 * The links in the mails of a kind to an address, newest first, as an operator finds them in the outbox of a server that sends no mails.
 * Waits until there are as many.
 */
export async function linksInOutbox(
  server: Server,
  kind: "verify" | "reset",
  to: string,
  count = 1,
): Promise<string[]> {
  const operator = await request.newContext({ baseURL: `${server.url}/api/v1/` });
  const { email, password } = server;
  await operator.post("auth/login", { headers: { origin: server.url }, data: { email, password } });
  let links: string[] = [];
  await expect(async () => {
    const list = (await (await operator.get("admin/mails", { params: { to } })).json()) as Listed;
    const texts = list.items
      .filter((mail) => mail.kind === kind)
      .map(async ({ id }) => {
        const mail = (await (await operator.get(`admin/mails/${id}`)).json()) as { text: string | null };
        return linkIn(mail.text ?? "");
      });
    links = (await Promise.all(texts)).filter((link) => link !== null);
    expect(links).toHaveLength(count);
  }).toPass();
  await operator.dispose();
  return links;
}

/** The link that carries a token. */
export const linkIn = (text: string): string | null => /http\S+#token=[\w-]+/.exec(text)?.[0] ?? null;
