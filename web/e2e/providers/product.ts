import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@playwright/test";
import { freePort } from "../support/server.ts";

/** How long a start may take: the first one with a data directory compiles its components. */
const START_MS = 120_000;

const fromRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The components that only tests use. */
export const TEST_COMPONENTS = fromRoot("target/components/tests");

/** The update documents that the Telegram gateway is tested with. */
export const TELEGRAM_DOCUMENTS = fromRoot("plugins/gateway-telegram/tests");

/** A `twobot serve` that a test may kill and start again on the same data. */
export class Product {
  readonly url: string;
  private process: ChildProcess | undefined;
  /** The end of what it logged, to tell why it did not start. */
  private log = "";

  private constructor(
    private readonly folder: string,
    private readonly listen: string,
    private readonly settings: Record<string, string>,
  ) {
    this.url = `http://${listen}`;
  }

  /** Makes a data directory and starts on it. Providers reach it under its own address. */
  static async start(settings: Record<string, string>): Promise<Product> {
    const folder = await mkdtemp(join(tmpdir(), "twobot-providers-"));
    const product = new Product(folder, `127.0.0.1:${await freePort()}`, settings);
    await product.start();
    return product;
  }

  async start(): Promise<void> {
    const child = spawn(binary(), ["serve"], {
      cwd: this.folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...withoutSettings(process.env),
        TWOBOT_DATA_DIR: join(this.folder, "data"),
        TWOBOT_LISTEN: this.listen,
        TWOBOT_PUBLIC_URL: this.url,
        // What a tenant does here goes by a script, which is quicker than people.
        TWOBOT_REQUESTS_PER_CALLER: "1000000",
        ...this.settings,
      },
    });
    child.stderr.on("data", (piece: Buffer) => (this.log = (this.log + piece.toString()).slice(-8_000)));
    this.process = child;
    const ready = async () => {
      const end = child.exitCode ?? child.signalCode;
      if (end !== null) throw new Error(`the product ended with ${end}:\n${this.log}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      return answer?.ok ? "ready" : this.log;
    };
    await expect.poll(ready, { timeout: START_MS, intervals: [50] }).toBe("ready");
  }

  /** Ends the process at once, as a power cut would: nothing of it gets to finish anything. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Stops it and removes its data. */
  async stop(): Promise<void> {
    await this.end("SIGTERM");
    await rm(this.folder, { recursive: true, force: true });
  }

  private async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    const hurry = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(hurry);
  }
}

/** Runs one product for the tests of a file; `prepare` starts what it needs and answers with its settings. */
export function withProduct(prepare: () => Promise<Record<string, string>>): () => Product {
  let product: Product | undefined;
  // eslint-disable-next-line no-empty-pattern -- Playwright insists on the pattern.
  test.beforeAll(async ({}, info) => {
    info.setTimeout(START_MS + 10_000);
    product = await Product.start(await prepare());
  });
  test.afterAll(() => product?.stop());
  return () => {
    if (!product) throw new Error("the product runs only while tests do");
    return product;
  };
}

/** The environment without settings: what is set for this run of the tests is not meant for the product. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = ([name]: [string, unknown]) => !name.startsWith("TWOBOT_") && name !== "DATABASE_URL";
  return Object.fromEntries(Object.entries(environment).filter(foreign));
}

function binary(): string {
  const found = [process.env.TWOBOT_BIN, fromRoot("target/debug/twobot")].find(
    (path) => path && existsSync(path),
  );
  if (!found) throw new Error("no twobot binary: build one, or name it by TWOBOT_BIN");
  return found;
}
