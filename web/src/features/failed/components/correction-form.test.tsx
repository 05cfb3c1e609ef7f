import { fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { CorrectionForm } from "@/features/failed/components/correction-form";
import { ApiError } from "@/lib/api-error";
import type { JsonObject } from "@/lib/api-types";

const PAYLOAD = { Message: { text: "wrong" } };

function form(onSubmit: (payload: JsonObject) => Promise<unknown>) {
  render(<CorrectionForm payload={PAYLOAD} onSubmit={onSubmit} onCancel={() => undefined} />);
  const text = screen.getByRole<HTMLTextAreaElement>("textbox", { name: "What is run instead" });
  return {
    text,
    write: (value: string) => fireEvent.change(text, { target: { value } }),
    submit: () => userEvent.click(screen.getByRole("button", { name: "Correct and run again" })),
    alert: () =>
      screen
        .getAllByRole("alert")
        .map((one) => one.textContent)
        .join(" "),
  };
}

test("what is no JSON, no object or not changed is not sent, and stays as it was written", async () => {
  const onSubmit = vi.fn(() => Promise.resolve());
  const { text, write, submit, alert } = form(onSubmit);
  await submit();
  expect(alert()).toContain("Nothing is changed");
  for (const [value, said] of [
    ['{"Message": }', "Not valid JSON"],
    ["[1]", "must be an object"],
    ['{"Message": {"text": "x"}', "ends too early"],
  ] as const) {
    write(value);
    await submit();
    expect(alert()).toContain(said);
    expect(text.value).toBe(value);
    expect(text.getAttribute("aria-invalid")).toBe("true");
  }
  expect(onSubmit).not.toHaveBeenCalled();
});

test("a refusal is told at its field, and keeps what was written", async () => {
  const problem = {
    status: 422,
    code: "validation_failed",
    title: "The input is not valid",
    errors: [{ field: "payload.Message.text", message: "must be a text" }],
  };
  const { text, write, submit, alert } = form(() => Promise.reject(new ApiError(problem)));
  const written = '{\n  "Message": {\n    "text": 7\n  }\n}';
  write(written);
  await submit();
  expect(alert()).toContain("Message › text");
  expect(alert()).toContain("must be a text");
  expect(screen.getByRole("button", { name: "Line 3" })).toBeDefined();
  expect(text.value).toBe(written);
  expect(written.slice(text.selectionStart, text.selectionEnd)).toBe('"text": 7');

  await userEvent.click(screen.getByRole("button", { name: "As it was" }));
  expect(text.value).toBe(JSON.stringify(PAYLOAD, null, 2));
});

test("another refusal is told as a whole", async () => {
  const problem = { status: 409, code: "conflict", title: "Not possible now", detail: "The plugin is off." };
  const { write, submit, alert } = form(() => Promise.reject(new ApiError(problem)));
  write('{"Message": {"text": "right"}}');
  await submit();
  expect(alert()).toContain("The plugin is off.");
});
