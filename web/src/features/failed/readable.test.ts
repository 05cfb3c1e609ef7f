import { expect, test } from "vitest";
import { forPeople } from "@/features/failed/readable";
import { formatDateTime } from "@/lib/format";

test("a payload for people has no gaps, and times are times", () => {
  const payload = {
    Message: {
      text: "hello",
      is_bot: false,
      count: 0,
      command: null,
      media: [],
      service: { inner: null },
      sent_at: 1_795_294_506_000,
      seen_at: 7,
      entities: [{ kind: "bold", url: null }],
    },
  };
  expect(forPeople(payload)).toEqual({
    Message: {
      text: "hello",
      is_bot: false,
      count: 0,
      sent_at: formatDateTime(new Date(1_795_294_506_000).toISOString()),
      seen_at: 7,
      entities: [{ kind: "bold" }],
    },
  });
});
