import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "@playwright/test";
import { freePort } from "../support/server.ts";

const PROGRAM = fileURLToPath(new URL("../../node_modules/@dwmkerr/mock-llm/dist/main.js", import.meta.url));

/** The only key that the server takes, its model, and what each answer is said to have used. */
export const KEY = "sk-e2e-right";
export const MODEL = "parrot-1";
export const TOKENS = { prompt: 21, completion: 7 };

const chat = "^/v1/chat/completions$";
const models = "^/v1/models$";

/** Of the rules that match, the last one answers. */
const RULES = [
  {
    path: chat,
    method: "POST",
    match: "@",
    response: {
      status: 200,
      content: JSON.stringify({
        id: "chatcmpl-{{timestamp}}",
        object: "chat.completion",
        model: "{{jmes request body.model}}",
        choices: [
          {
            index: 0,
            message: {
              role: "assistant",
              content: "{{jmes request body.model}} heard: {{jmes request body.messages[-1].content}}",
            },
            finish_reason: "stop",
          },
        ],
        usage: {
          prompt_tokens: TOKENS.prompt,
          completion_tokens: TOKENS.completion,
          total_tokens: TOKENS.prompt + TOKENS.completion,
        },
      }),
    },
  },
  {
    path: models,
    method: "GET",
    match: "@",
    response: {
      status: 200,
      content: JSON.stringify({
        object: "list",
        data: [MODEL, "parrot-2"].map((id) => ({ id, object: "model", owned_by: "e2e" })),
      }),
    },
  },
  {
    path: "^/v1/",
    match: `headers.authorization != 'Bearer ${KEY}'`,
    response: {
      status: 401,
      content: JSON.stringify({
        error: {
          message: "Incorrect API key provided: {{jmes request headers.authorization}}",
          type: "invalid_request_error",
          param: null,
          code: "invalid_api_key",
        },
      }),
    },
  },
];

/** A server of language models, by others, that speaks OpenAI's interface. */
export class ModelServer {
  private process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  static async start(): Promise<ModelServer> {
    const folder = await mkdtemp(join(tmpdir(), "twobot-models-"));
    // JSON is YAML.
    await writeFile(join(folder, "rules.yaml"), JSON.stringify({ rules: RULES }));
    const server = new ModelServer(folder, await freePort());
    await server.start();
    return server;
  }

  /** Host and port. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.process = spawn(process.execPath, [PROGRAM, "--config", join(this.folder, "rules.yaml")], {
      stdio: "ignore",
      env: { PATH: process.env.PATH, HOST: "127.0.0.1", PORT: String(this.port) },
    });
    const status = () => fetch(`http://${this.address}/ready`).then(({ status }) => status, String);
    await expect.poll(status, { timeout: 30_000, intervals: [50] }).toBe(200);
  }

  /** Switches it off; `start` switches it on again at the same address. */
  async down(): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  async stop(): Promise<void> {
    await this.down();
    await rm(this.folder, { recursive: true, force: true });
  }
}
