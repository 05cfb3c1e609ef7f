import { expect, test } from "@playwright/test";
import type { Conversation, Gateway, GatewayTest } from "../../src/lib/api-types.ts";
import { freePort } from "../support/server.ts";
import { KEY, MODEL, ModelServer, TOKENS } from "./model-server.ts";
import { withProduct } from "./product.ts";
import { Tenant } from "./tenant.ts";

const FALLBACK = "Nobody knows that.";

let models: ModelServer;
let closedPort = 0;

const product = withProduct(async () => {
  models = await ModelServer.start();
  closedPort = await freePort();
  return { TWOBOT_EGRESS_ALLOW: `${models.address},127.0.0.1:${closedPort}` };
});
test.afterAll(() => models.stop());

interface Assistant {
  tenant: Tenant;
  ai: Gateway;
  conversation: Conversation;
}

/** A tenant whose web chat is answered by rules, and by the model behind this address where no rule fits. */
async function withAssistant(address: string, status: Gateway["status"], key = KEY): Promise<Assistant> {
  const tenant = await Tenant.register(product());
  const made = await tenant.post<Gateway>("/gateways", {
    kind: "ai",
    name: "My model",
    credentials: { api_key: key },
    config: { provider: "custom", base_url: `http://${address}/v1`, model: MODEL },
  });
  const ai = await tenant.gatewayIs(made.id, status);
  const { gateway, conversation } = await tenant.webChat();
  const bindings = { channels: [gateway.id], assistant: [ai.id] };
  await tenant.install("auto-reply", bindings, { ai: { enabled: true }, fallback_reply: FALLBACK });
  return { tenant, ai, conversation };
}

/** What the plugin logged in its last run. */
async function lastLog({ tenant }: Assistant): Promise<string> {
  await tenant.settled();
  const [run] = await tenant.executions("&plugin=auto-reply");
  if (!run) throw new Error("the plugin did not run");
  expect(run.state).toBe("succeeded");
  const { logs } = await tenant.execution(run.id);
  return logs.map((line) => `${line.level} ${line.message}`).join("\n");
}

test("a model answers what no rule does, and its tokens are counted", async () => {
  const assistant = await withAssistant(models.address, "connected");
  const { tenant, ai, conversation } = assistant;
  expect(await tenant.say(conversation, "hello")).toContain("Hello");
  expect(await tenant.usage()).toMatchObject({ ai_tokens_in: 0, ai_tokens_out: 0 });

  expect(await tenant.say(conversation, "What is a bean?")).toBe(`${MODEL} heard: What is a bean?`);
  expect(await lastLog(assistant)).not.toContain("warn");
  const { prompt, completion } = TOKENS;
  expect(await tenant.usage()).toMatchObject({ ai_tokens_in: prompt, ai_tokens_out: completion });

  await tenant.say(conversation, "And a pea?");
  await tenant.settled();
  expect(await tenant.usage()).toMatchObject({ ai_tokens_in: 2 * prompt, ai_tokens_out: 2 * completion });
  expect((await tenant.gateway(ai.id)).status).toBe("connected");
});

test("the test of a connection lists the models", async () => {
  const { tenant, ai } = await withAssistant(models.address, "connected");
  const found = await tenant.post<GatewayTest>(`/gateways/${ai.id}/test`);
  expect(found).toMatchObject({
    ok: true,
    trouble: null,
    account: { details: { Models: "2", Model: MODEL } },
  });

  await tenant.patch(`/gateways/${ai.id}`, { config: { model: "dodo" } });
  const other = await tenant.post<GatewayTest>(`/gateways/${ai.id}/test`);
  expect(other.account?.details.Model).toBe("dodo (not in the provider's list)");
});

test("a provider that is down: the person gets the fallback, the owner what happened", async ({ page }) => {
  const assistant = await withAssistant(`127.0.0.1:${closedPort}`, "error");
  const { tenant, ai, conversation } = assistant;
  expect(await tenant.say(conversation, "What is a bean?")).toContain(FALLBACK);
  expect(await lastLog(assistant)).toMatch(/^warn the AI did not answer, so the fallback does: /m);

  const { status, status_reason } = await tenant.gateway(ai.id);
  expect(status).toBe("error");
  expect(status_reason?.code).toBe("gateway_unavailable");
  expect(status_reason?.title).toContain("My model");
  expect(status_reason?.detail).toContain(`127.0.0.1:${closedPort}`);
  expect(await tenant.usage()).toMatchObject({ ai_tokens_in: 0, ai_tokens_out: 0, failed_executions: 0 });

  await tenant.signIn(page);
  await page.goto(`${product().url}/gateways/${ai.id}`);
  const trouble = page.getByTestId("trouble").first();
  await expect(trouble).toHaveAttribute("data-code", "gateway_unavailable");
  await expect(trouble).toContainText("Check the address");
});

test("a provider that comes back is used again", async () => {
  const assistant = await withAssistant(models.address, "connected");
  const { tenant, ai, conversation } = assistant;
  await models.down();
  try {
    expect(await tenant.say(conversation, "What is a bean?")).toContain(FALLBACK);
    expect((await tenant.gatewayIs(ai.id, "error")).status_reason?.code).toBe("gateway_unavailable");
  } finally {
    await models.start();
  }
  expect(await tenant.say(conversation, "And now?")).toBe(`${MODEL} heard: And now?`);
  expect((await tenant.gatewayIs(ai.id, "connected")).status_reason).toBeNull();
});

test("a key that is refused is said with advice, and is nowhere in what we say", async () => {
  const key = "sk-e2e-wrong-and-secret";
  const assistant = await withAssistant(models.address, "error", key);
  const { tenant, ai, conversation } = assistant;
  const gateway = await tenant.gateway(ai.id);
  expect(gateway.status_reason?.code).toBe("gateway_unauthorized");
  expect(gateway.status_reason?.detail).toContain("Incorrect API key provided");
  expect(gateway.status_reason?.advice).toContain("key");

  expect(await tenant.say(conversation, "What is a bean?")).toContain(FALLBACK);
  const log = await lastLog(assistant);
  expect(log).toMatch(/^warn the AI did not answer/m);
  expect(JSON.stringify([gateway, log])).not.toContain(key);

  await tenant.patch(`/gateways/${ai.id}`, { credentials: { api_key: KEY } });
  await tenant.gatewayIs(ai.id, "connected");
  expect(await tenant.say(conversation, "And now?")).toBe(`${MODEL} heard: And now?`);
});

test("an address that tenants may not reach: the trouble names what the operator can set", async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const assistant = await withAssistant(address, "error");
  const { status_reason } = await assistant.tenant.gateway(assistant.ai.id);
  expect(status_reason?.detail).toContain(`adding ${address} to TWOBOT_EGRESS_ALLOW`);
  expect(status_reason?.advice).toContain("operator");
  expect(await assistant.tenant.say(assistant.conversation, "What is a bean?")).toContain(FALLBACK);
  expect(await lastLog(assistant)).toMatch(/^warn the AI did not answer/m);
});
