import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "@playwright/test";

export const DEMO_PASSWORD = "Demo-passw0rd!";

/** A running `twobot serve --demo` with a data directory of its own. */
export interface Server {
  url: string;
  email: string;
  password: string;
  /** Runs another command of the same binary beside it, and answers with what it prints. */
  command: (...words: string[]) => Promise<string>;
}

/** How long a server may take until it is ready: the first one on a machine compiles its components. */
const START_MS = 120_000;

/**
 * Starts a server before the tests of a file, and stops it after them. `prepare` makes what must be there before, and
 * answers with settings for the server.
 */
export function withServer(
  prepare: () => Promise<Record<string, string>> = () => Promise.resolve({}),
): Server {
  const command = () => Promise.reject(new Error("the server was not started"));
  const server: Server = { url: "", email: "", password: "", command };
  let stop: (() => Promise<void>) | undefined;
  // eslint-disable-next-line no-empty-pattern -- Playwright insists on the pattern.
  test.beforeAll(async ({}, info) => {
    info.setTimeout(START_MS + 10_000);
    const started = await start(await prepare());
    Object.assign(server, started.server);
    stop = started.stop;
  });
  test.afterAll(() => stop?.());
  return server;
}

async function start(
  settings: Record<string, string>,
): Promise<{ server: Server; stop: () => Promise<void> }> {
  const data = await mkdtemp(join(tmpdir(), "twobot-e2e-"));
  const port = await freePort();
  const env = {
    ...foreignSettings(),
    TWOBOT_DATA_DIR: join(data, "data"),
    TWOBOT_LISTEN: `127.0.0.1:${port}`,
    TWOBOT_DEMO_PASSWORD: DEMO_PASSWORD,
    ...settings,
  };
  const child = spawn(binary(), ["serve", "--demo"], { cwd: data, stdio: ["ignore", "pipe", "pipe"], env });
  const said = collect(child);
  const stop = async () => {
    await end(child);
    await rm(data, { recursive: true, force: true });
  };
  try {
    await ready(`http://127.0.0.1:${port}/readyz`, child, said);
    const line = (name: string) => new RegExp(`^\\s*${name}\\s+(\\S+)\\s*$`, "m").exec(said.out)?.[1];
    await until(() => line("password") !== undefined, "the server printed its login", said);
    const server = {
      url: line("open") ?? `http://127.0.0.1:${port}`,
      email: line("email") ?? "",
      password: line("password") ?? "",
      command: async (...words: string[]) =>
        (await promisify(execFile)(binary(), words, { cwd: data, env })).stdout,
    };
    return { server, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The environment without this machine's own settings for 2Bot: they are not part of what is tested. */
function foreignSettings(): NodeJS.ProcessEnv {
  const ours = /^(TWOBOT_|DATABASE_URL$|REDIS_URL$|STRIPE_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

interface Said {
  out: string;
  errors: string;
}

function collect(child: ChildProcess): Said {
  const said = { out: "", errors: "" };
  child.stdout?.on("data", (piece: Buffer) => (said.out += piece.toString()));
  // The log is long; its end tells why a server did not start.
  child.stderr?.on("data", (piece: Buffer) => (said.errors = (said.errors + piece.toString()).slice(-8_000)));
  return said;
}

async function ready(url: string, child: ChildProcess, said: Said): Promise<void> {
  await until(
    async () => {
      if (child.exitCode !== null)
        throw new Error(`the server ended with ${child.exitCode}:\n${said.errors}`);
      return fetch(url).then(
        (answer) => answer.ok,
        () => false,
      );
    },
    "the server is ready",
    said,
  );
}

async function until(condition: () => boolean | Promise<boolean>, what: string, said: Said): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (!(await condition())) {
    if (Date.now() > deadline)
      throw new Error(`it did not happen in time that ${what}:\n${said.out}\n${said.errors}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const hurry = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(hurry);
}

function binary(): string {
  const fromRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
  const candidates = [
    process.env.TWOBOT_BIN,
    fromRoot("target/debug/twobot"),
    fromRoot("target/release/twobot"),
  ];
  const found = candidates.find((path) => path && existsSync(path));
  if (!found) throw new Error("no twobot binary: build one, or name it by TWOBOT_BIN");
  return found;
}

/** A port of the loopback interface that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
