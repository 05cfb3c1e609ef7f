/** One event of a server-sent event stream. */
export interface ServerEvent {
  /** `message` where the stream names none. */
  event: string;
  data: string;
  /** The last id that the stream named, on this or an earlier event. */
  id: string;
}

export interface ParserHandlers {
  onEvent: (event: ServerEvent) => void;
  /** The stream wants reconnections to wait this long. */
  onRetry?: (milliseconds: number) => void;
}

/**
 * Reads the `text/event-stream` format piece by piece, as the HTML standard describes it: a piece may end anywhere, also
 * between the two characters of a line end.
 */
export class EventStreamParser {
  #buffer = "";
  #data: string[] = [];
  #event = "";
  #lastId: string;
  #started = false;
  readonly #handlers: ParserHandlers;

  constructor(handlers: ParserHandlers, lastId = "") {
    this.#handlers = handlers;
    this.#lastId = lastId;
  }

  push(piece: string): void {
    this.#buffer += piece;
    if (!this.#started && this.#buffer.length > 0) {
      this.#started = true;
      if (this.#buffer.startsWith("\uFEFF")) this.#buffer = this.#buffer.slice(1);
    }
    let start = 0;
    for (let at = 0; at < this.#buffer.length; at += 1) {
      const character = this.#buffer[at];
      if (character !== "\n" && character !== "\r") continue;
      // A carriage return at the very end may be half of a line end: wait for the rest.
      if (character === "\r" && at + 1 === this.#buffer.length) break;
      this.#line(this.#buffer.slice(start, at));
      if (character === "\r" && this.#buffer[at + 1] === "\n") at += 1;
      start = at + 1;
    }
    this.#buffer = this.#buffer.slice(start);
  }

  #line(line: string): void {
    if (line === "") {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon === -1 ? line : line.slice(0, colon);
    const rest = colon === -1 ? "" : line.slice(colon + 1);
    const value = rest.startsWith(" ") ? rest.slice(1) : rest;
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#lastId = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.#handlers.onRetry?.(Number(value));
  }

  #dispatch(): void {
    const data = this.#data;
    const event = this.#event || "message";
    this.#data = [];
    this.#event = "";
    if (data.length === 0) return;
    this.#handlers.onEvent({ event, data: data.join("\n"), id: this.#lastId });
  }
}
