import { render, screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { ReplayResult } from "@/features/activity/components/replay-result";
import type { Replay, Trouble } from "@/lib/api-types";

const trouble = { code: "trapped", title: "Crashed" } as Trouble;

const SAME: Replay = {
  execution_id: "1",
  plugin: "helper",
  version: "1.0.0",
  event_kind: "message",
  recorded_digest: "a",
  digest: "a",
  recorded: { state: "failed", trouble },
  replayed: { state: "failed", trouble },
  output: null,
  logs: [],
  would_do: [],
  calls: [],
  denied: [],
  differences: [],
  not_reproduced: [],
  fuel: 1,
  peak_memory_bytes: 1,
};

test("a replay that did the same says so", () => {
  render(<ReplayResult replay={SAME} />);
  const result = screen.getByTestId("replay-result");
  expect(result.textContent).toContain("It did the same as then.");
  expect(result.textContent).toContain("as it did then");
  expect(within(result).getAllByText("Crashed")).toHaveLength(2);
  expect(result.textContent).toContain("It wrote nothing down.");
});

test("a replay that went another way tells where, and what it could not make as it was", () => {
  render(
    <ReplayResult
      replay={{
        ...SAME,
        digest: "b",
        replayed: { state: "succeeded", trouble: null },
        differences: [
          { kind: "outcome", at: "end", recorded: "failed: trapped", replayed: "succeeded" },
          { kind: "log", at: "2", recorded: null, replayed: "info: hello" },
          { kind: "write", at: "seen/today", recorded: "set", replayed: null },
        ],
        not_reproduced: ["Today's settings are used."],
        would_do: [{ kind: "effect", to: "Shop bot", what: "send_message", content: "hi" }],
        denied: ["send"],
        calls: [{ request: { chat: "x" }, answer: "not_recorded" }],
      }}
    />,
  );
  const { textContent } = screen.getByTestId("replay-result");
  for (const words of [
    "It differs from then in 3 places.",
    "another than then",
    "How it ended",
    "What it wrote down, no. 2",
    "What it kept: seen/today",
    "Today's settings are used.",
    "Send message · Shop bot",
    "It was not asked then",
    "Send messages",
  ]) {
    expect(textContent).toContain(words);
  }
});
