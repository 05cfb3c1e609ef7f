import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { TelegramServer } from "telegram-test-api/lib/telegramServer.js";
import { freePort } from "../support/server.ts";

interface Webhook {
  url: string;
  secret_token?: string;
  allowed_updates?: string[];
}

/** A delivery to a bot's webhook, and what the bot's program answered. */
interface Delivery {
  body: string;
  status: number;
}

/** What a person's client shows of the bot. */
interface BotMessage {
  text: string;
  chat_id: string | number;
}

/** The person at the client. */
export const PERSON = { userId: 5_123, chatId: 5_123, firstName: "Ada", userName: "ada_example" };

/**
 * A Bot API server: an emulator that others wrote, behind a proxy that adds what it lacks. The proxy refuses tokens that it
 * does not know, as Telegram does, and delivers to webhooks with the secret that was agreed.
 */
export class BotApi {
  /** What the product is told to use. */
  readonly url: string;
  /** The webhooks that are set now, by token. */
  readonly webhooks = new Map<string, Webhook>();
  readonly deliveries: Delivery[] = [];
  /** Messages of bots that were asked to be sent and are held back, if they are. */
  held: number | undefined;
  private readonly tokens = new Set<string>();

  private constructor(
    private readonly emulator: TelegramServer,
    private readonly proxy: Server,
  ) {
    this.url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  }

  static async start(): Promise<BotApi> {
    const emulator = new TelegramServer({ host: "127.0.0.1", port: await freePort(), storeTimeout: 3_600 });
    await emulator.start();
    const proxy = createServer();
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const api = new BotApi(emulator, proxy);
    proxy.on("request", (request, response) => {
      void api.answer(request).then(
        ({ status, body }) => response.writeHead(status, { "content-type": "application/json" }).end(body),
        (error: unknown) => response.writeHead(502).end(String(error)),
      );
    });
    return api;
  }

  async stop(): Promise<void> {
    this.proxy.closeAllConnections();
    this.proxy.close();
    await this.emulator.stop();
  }

  /** A new bot's token. */
  newBot(): string {
    const token = `${7_000_000 + this.tokens.size}:AAH-e2e_${crypto.randomUUID()}`;
    this.tokens.add(token);
    return token;
  }

  /** Makes a token good, or no longer good. */
  setKnown(token: string, known: boolean): void {
    if (known) this.tokens.add(token);
    else this.tokens.delete(token);
  }

  /** A person writes to the bot with the emulator's own client. */
  async write(token: string, text: string): Promise<void> {
    const client = this.emulator.getClient(token, PERSON);
    await client.sendMessage(client.makeMessage(text));
  }

  /** What that client has of the bot, in order. */
  async received(token: string): Promise<string[]> {
    const client = this.emulator.getClient(token, PERSON);
    const history = (await client.getUpdatesHistory()) as { message: BotMessage }[];
    return history
      .map((update) => update.message)
      .filter((message) => Number(message.chat_id) === PERSON.chatId)
      .map((message) => message.text);
  }

  private async answer(request: IncomingMessage): Promise<{ status: number; body: string }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const [, place, token = "", method] =
      /^\/(bot|deliver\/)([^/]+)(?:\/(\w+))?$/.exec(request.url ?? "") ?? [];
    if (place === "deliver/") return this.deliver(token, body);
    if (!this.tokens.has(token)) {
      const refusal = { ok: false, error_code: 401, description: "Unauthorized" };
      return { status: 401, body: JSON.stringify(refusal) };
    }
    if (method === "setWebhook") {
      this.webhooks.set(token, JSON.parse(body) as Webhook);
      await this.forward(`/bot${token}/setWebhook`, JSON.stringify({ url: `${this.url}/deliver/${token}` }));
      return { status: 200, body: JSON.stringify({ ok: true, result: true }) };
    }
    if (method === "sendMessage" && this.held !== undefined) {
      this.held += 1;
      // Neither sent nor refused: whoever asked waits.
      return new Promise(() => undefined);
    }
    if (method === "deleteWebhook") this.webhooks.delete(token);
    return this.forward(request.url ?? "/", body);
  }

  private async forward(path: string, body: string): Promise<{ status: number; body: string }> {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(this.emulator.config.apiURL + path, { method: "POST", headers, body });
    return { status: answer.status, body: await answer.text() };
  }

  /** Hands an update of the emulator to the webhook. The emulator does not survive a refusal, so it never hears of one. */
  private async deliver(token: string, body: string): Promise<{ status: number; body: string }> {
    const webhook = this.webhooks.get(token);
    if (webhook) {
      const answer = await post(webhook.url, webhook.secret_token, body);
      this.deliveries.push({ body, status: answer.status });
    }
    return { status: 200, body: "{}" };
  }
}

/** Delivers to a webhook as Telegram does. */
export function post(url: string, secret: string | undefined, body: string): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(secret !== undefined && { "x-telegram-bot-api-secret-token": secret }),
    },
    body,
  });
}
