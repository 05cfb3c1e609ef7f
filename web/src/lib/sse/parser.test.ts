import { expect, test } from "vitest";
import { EventStreamParser, type ServerEvent } from "@/lib/sse/parser";

function parse(pieces: string[], lastId = ""): { events: ServerEvent[]; retries: number[] } {
  const events: ServerEvent[] = [];
  const retries: number[] = [];
  const parser = new EventStreamParser(
    { onEvent: (event) => events.push(event), onRetry: (ms) => retries.push(ms) },
    lastId,
  );
  pieces.forEach((piece) => parser.push(piece));
  return { events, retries };
}

const STREAM =
  ': keep-alive\n\nid: 7\nevent: message\ndata: {"text":\ndata:  "héllo"}\n\nevent: typing\r\ndata\r\n\r\nretry: 2000\ndata:a:b\rid: 8\r\r\n: end';
const EVENTS = [
  { event: "message", data: '{"text":\n "héllo"}', id: "7" },
  { event: "typing", data: "", id: "7" },
  { event: "message", data: "a:b", id: "8" },
];

test("reads events with every kind of line end", () => {
  expect(parse([STREAM])).toEqual({ events: EVENTS, retries: [2000] });
});

test("a piece may end anywhere", () => {
  for (let at = 0; at <= STREAM.length; at += 1) {
    expect(parse([STREAM.slice(0, at), STREAM.slice(at)]).events, `cut at ${at}`).toEqual(EVENTS);
  }
  expect(parse(Array.from(STREAM)).events).toEqual(EVENTS);
});

test.each([
  ["an event without data is none", "event: message\nid: 3\n\n", []],
  ["an unfinished event is not told", "data: half", []],
  ["an unknown field is passed over", "colour: red\ndata: x\n\n", [{ event: "message", data: "x", id: "" }]],
  ["an id with a NUL is passed over", "id: a\0b\ndata: x\n\n", [{ event: "message", data: "x", id: "" }]],
  ["the mark of UTF-8 is no content", "\uFEFFdata: x\n\n", [{ event: "message", data: "x", id: "" }]],
])("%s", (_name, stream, events) => {
  expect(parse([stream]).events).toEqual(events);
});

test("an id is remembered over events and connections", () => {
  expect(parse(["data: x\n\n"], "41").events).toEqual([{ event: "message", data: "x", id: "41" }]);
});
