import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** One request that arrived. */
export interface Arrived {
  headers: Record<string, string>;
  body: string;
}

/** Somebody's server that takes web hooks, and answers as a test says. */
export class Receiver {
  readonly arrived: Arrived[] = [];
  /** The statuses of the next answers; then 204. */
  readonly answers: number[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on("request", (request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        if (request.method !== "POST") return response.writeHead(405).end();
        receiver.arrived.push({ headers: flat(request.headers), body: Buffer.concat(pieces).toString() });
        const status = receiver.answers.shift() ?? 204;
        return response.writeHead(status).end(status === 204 ? undefined : `status ${status}`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  /** Host and port. */
  get target(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

function flat(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
