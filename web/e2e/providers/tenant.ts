import { expect, type Page as BrowserPage } from "@playwright/test";
import type {
  ChatMessage,
  Conversation,
  Execution,
  ExecutionDetail,
  Gateway,
  Install,
  Page,
  UsageReport,
  Workspace,
} from "../../src/lib/api-types.ts";
import { signIn } from "../support/steps.ts";
import type { Product } from "./product.ts";

const PASSWORD = "Secret-passw0rd";

/** What a report of the analytics plugin says, as far as the tests look. */
interface Report {
  total_messages: number;
  active_users: number;
}

let tenants = 0;

/** A tenant of its own, who uses the REST API with a token. */
export class Tenant {
  private constructor(
    private readonly product: Product,
    readonly email: string,
    private readonly token: string,
  ) {}

  static async register(product: Product): Promise<Tenant> {
    tenants += 1;
    const email = `tenant-${process.pid}-${tenants}@example.com`;
    const anyone = new Tenant(product, email, "");
    const { token } = await anyone.post<{ token: string }>("/auth/register", {
      email,
      password: PASSWORD,
      name: "Ada Example",
    });
    return new Tenant(product, email, token);
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.ask("GET", path);
  }

  post<Answer>(path: string, body: unknown = {}): Promise<Answer> {
    return this.ask("POST", path, body);
  }

  patch<Answer>(path: string, body: unknown): Promise<Answer> {
    return this.ask("PATCH", path, body);
  }

  async delete(path: string): Promise<void> {
    await this.ask("DELETE", path);
  }

  private async ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(`${this.product.url}/api/v1${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        ...(this.token && { authorization: `Bearer ${this.token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as Answer;
  }

  /** The dashboard, signed in. */
  signIn(page: BrowserPage): Promise<void> {
    return signIn(page, { url: this.product.url, email: this.email, password: PASSWORD });
  }

  gateway(id: string): Promise<Gateway> {
    return this.get(`/gateways/${id}`);
  }

  /** Waits until a gateway has this status, and answers with it as it is then. */
  async gatewayIs(id: string, status: Gateway["status"]): Promise<Gateway> {
    await expect.poll(async () => (await this.gateway(id)).status).toBe(status);
    return this.gateway(id);
  }

  /** Installs a plugin on gateways; it is at work at once. */
  async install(slug: string, gateways: Record<string, string[]>, config: object = {}): Promise<void> {
    const made = await this.post<Install>(`/user/plugins/${slug}/install`, { gateways, config });
    expect(made.state).toBe("enabled");
  }

  async executions(filter = ""): Promise<Execution[]> {
    return (await this.get<Page<Execution>>(`/executions?limit=200${filter}`)).items;
  }

  execution(id: string): Promise<ExecutionDetail> {
    return this.get(`/executions/${id}`);
  }

  /** Waits until nothing waits any more: deliveries are decoded, plugins have run, and what they sent is out. */
  async settled(): Promise<void> {
    const waiting = async () => {
      const { counts } = await this.get<Workspace>("/workspace/status");
      if (counts.waiting_events > 0) return `${counts.waiting_events} events`;
      const runs = await Promise.all((await this.executions()).map((run) => this.execution(run.id)));
      const effects = runs.flatMap((run) => run.effects).filter((effect) => effect.state === "waiting");
      return effects.length > 0 ? `${effects.length} effects` : "nothing";
    };
    await expect.poll(waiting, { timeout: 30_000 }).toBe("nothing");
  }

  /** What the analytics plugin counted, in the last seven days or in those that are given. */
  async counted(range = ""): Promise<Report> {
    const { items } = await this.get<Page<{ plugin: { slug: string }; output: Report }>>(
      `/analytics${range}`,
    );
    const report = items.find((item) => item.plugin.slug === "analytics");
    if (!report) throw new Error("the analytics plugin reports nothing");
    return report.output;
  }

  async usage(): Promise<UsageReport["totals"]> {
    return (await this.get<UsageReport>("/usage")).totals;
  }

  /** A web chat with one conversation. */
  async webChat(): Promise<{ gateway: Gateway; conversation: Conversation }> {
    const made = await this.post<Gateway>("/gateways", { kind: "web-chat", name: "Front desk" });
    const gateway = await this.gatewayIs(made.id, "connected");
    const conversation = await this.post<Conversation>(`/gateways/${made.id}/conversations`, {
      title: "Questions",
    });
    return { gateway, conversation };
  }

  async messages(conversation: Conversation): Promise<ChatMessage[]> {
    return (await this.get<Page<ChatMessage>>(`/conversations/${conversation.id}/messages?limit=200`)).items;
  }

  /** Writes in the web chat and waits for what the bot says. */
  async say(conversation: Conversation, text: string): Promise<string> {
    const sent = await this.post<ChatMessage>(`/conversations/${conversation.id}/messages`, { text });
    const answers = async () => {
      const all = await this.messages(conversation);
      const after = all.slice(all.findIndex((message) => message.id === sent.id) + 1);
      return after.filter((message) => message.author === "bot").map((message) => message.text);
    };
    await expect.poll(async () => (await answers()).length).toBeGreaterThan(0);
    return (await answers()).join("\n");
  }
}
