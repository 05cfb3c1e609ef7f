import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** A mail that arrived. */
export interface Mail {
  to: string;
  /** Its plain text. */
  text: string;
}

/** Somebody's mail server, as far as sending needs one (RFC 5321): it takes every mail and delivers none. */
export class MailServer {
  readonly arrived: Mail[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<MailServer> {
    const server = createServer();
    const mails = new MailServer(server);
    server.on("connection", (socket) => mails.talk(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return mails;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The mails to an address, newest first. */
  to(address: string): Mail[] {
    return this.arrived.filter((mail) => mail.to === address).reverse();
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      // Whoever is still connected is of a server that has ended.
      this.server.unref();
    });
  }

  private talk(socket: Socket): void {
    let heard = "";
    let to = "";
    let inMail = false;
    const say = (line: string) => socket.write(`${line}\r\n`);
    const obey = (line: string) => {
      const word = line.slice(0, 4).toUpperCase();
      if (word === "RCPT") to = /<([^>]*)>/.exec(line)?.[1] ?? "";
      if (word === "DATA") inMail = true;
      if (word === "QUIT") return socket.end("221 bye\r\n");
      return say(word === "EHLO" ? "250 mail.example.org" : inMail ? "354 go on" : "250 ok");
    };
    socket.on("error", () => socket.destroy());
    socket.on("data", (piece: Buffer) => {
      heard += piece.toString();
      for (;;) {
        const end = inMail ? "\r\n.\r\n" : "\r\n";
        const at = heard.indexOf(end);
        if (at < 0) return;
        const said = heard.slice(0, at);
        heard = heard.slice(at + end.length);
        if (!inMail) {
          obey(said);
          continue;
        }
        inMail = false;
        this.arrived.push({ to, text: plainText(said) });
        say("250 taken");
      }
    });
    say("220 mail.example.org");
  }
}

/** The plain part of a mail (RFC 2045), of which the other is the same in HTML. */
function plainText(mail: string): string {
  const part = /^content-type: text\/plain[^]*?\r\n\r\n([^]*?)(?=\r\n--|$(?![^]))/im.exec(mail);
  const [whole = mail, body = mail] = part ?? [];
  const encoding = /^content-transfer-encoding: (\S+)/im.exec(whole)?.[1]?.toLowerCase();
  if (encoding === "base64") return Buffer.from(body, "base64").toString();
  if (encoding !== "quoted-printable") return body;
  const bytes = body
    .replace(/=\r\n/g, "")
    .replace(/=([\dA-F]{2})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  return Buffer.from(bytes, "latin1").toString();
}
