import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import { defaultOf, isObject } from "@/components/schema-form/schema";
import { SchemaForm } from "@/components/schema-form/schema-form";
import { errorsBelow, validate } from "@/components/schema-form/validate";
import type { JsonObject, JsonSchema } from "@/lib/api-types";

const GATEWAY: JsonSchema = {
  type: "object",
  required: ["token"],
  properties: {
    mode: {
      title: "How updates arrive",
      oneOf: [
        { const: "polling", title: "Ask Telegram" },
        { const: "webhook", title: "Telegram calls" },
      ],
      default: "polling",
    },
    token: { type: "string", title: "Bot token", writeOnly: true, minLength: 8 },
    timeout: { type: ["integer", "null"], minimum: 1, maximum: 60 },
  },
};

const RULES: JsonSchema = {
  type: "object",
  $defs: {
    rule: {
      type: "object",
      required: ["keywords", "reply"],
      properties: {
        keywords: { type: "array", items: { type: "string" }, minItems: 1 },
        reply: { type: "string", maxLength: 2000 },
        whole_word: { type: "boolean", title: "Whole words only", default: true },
      },
    },
  },
  properties: { rules: { type: "array", title: "Rules", items: { $ref: "#/$defs/rule" } } },
};

function Harness({
  schema,
  onValue,
  stored,
}: {
  schema: JsonSchema;
  onValue: (value: JsonObject) => void;
  stored?: boolean;
}) {
  const start = defaultOf(schema, schema);
  const [value, setValue] = useState(isObject(start) ? start : {});
  return (
    <SchemaForm
      schema={schema}
      value={value}
      secretsStored={stored}
      errors={{ "rules.0.reply": "Say something." }}
      onChange={(next) => {
        setValue(next);
        onValue(next);
      }}
    />
  );
}

function show(schema: JsonSchema, stored = false) {
  let latest: JsonObject = {};
  render(<Harness schema={schema} stored={stored} onValue={(value) => (latest = value)} />);
  return { user: userEvent.setup(), value: () => latest };
}

test("each field gets the control that its schema asks for", async () => {
  const { user, value } = show(GATEWAY);
  const token = screen.getByLabelText("Bot token");
  expect(token).toHaveProperty("type", "password");
  await user.type(token, "123456:abc");
  await user.selectOptions(screen.getByLabelText("How updates arrive"), "Telegram calls");
  await user.type(screen.getByLabelText("Timeout"), "30");
  expect(value()).toEqual({ token: "123456:abc", mode: "webhook", timeout: 30 });
});

test("a stored secret says that leaving it empty keeps it", () => {
  show(GATEWAY, true);
  expect(screen.getByLabelText("Bot token").getAttribute("placeholder")).toMatch(/leave empty to keep/i);
});

test("a secret can be made where its schema says so, and is shown to be copied", async () => {
  const field = { type: "string", title: "Secret", writeOnly: true };
  const { user, value } = show({
    type: "object",
    properties: { secret: { ...field, "x-generate": "whsec" }, other: { ...field, title: "Other" } },
  });
  expect(screen.getAllByRole("button", { name: "Generate" })).toHaveLength(1);
  await user.click(screen.getByRole("button", { name: "Generate" }));
  const secret = value().secret as string;
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(screen.getByText(secret)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Generate" }));
  expect(value().secret).not.toEqual(secret);
  // What is typed instead is the person's own, and stays hidden.
  await user.type(screen.getByLabelText("Secret"), "x");
  expect(screen.queryByText(/shown once only/)).toBeNull();
});

test("a list of objects is filled in, reordered and shortened", async () => {
  const { user, value } = show(RULES);
  for (const [index, word] of ["hello", "price"].entries()) {
    await user.click(screen.getByRole("button", { name: "Add rule" }));
    const rule = within(screen.getByRole("region", { name: `Rule ${index + 1}` }));
    await user.type(rule.getByLabelText("Keywords"), `${word}{Enter}`);
    await user.type(rule.getByLabelText("Reply"), `About ${word}`);
  }
  const rule = (word: string) => ({ keywords: [word], reply: `About ${word}`, whole_word: true });
  expect(value()).toEqual({ rules: [rule("hello"), rule("price")] });

  await user.click(screen.getByRole("button", { name: "Move Rule 2 up" }));
  expect(value()).toEqual({ rules: [rule("price"), rule("hello")] });
  await user.click(screen.getByRole("button", { name: "Remove Rule 1" }));
  expect(value()).toEqual({ rules: [rule("hello")] });
});

test("an error stands at its field, for ears too", async () => {
  const { user } = show(RULES);
  await user.click(screen.getByRole("button", { name: "Add rule" }));
  const reply = screen.getByLabelText("Reply");
  expect(reply.getAttribute("aria-invalid")).toBe("true");
  const described = reply
    .getAttribute("aria-describedby")
    ?.split(" ")
    .map((id) => document.getElementById(id)?.textContent);
  expect(described?.join(" ")).toContain("Say something.");
});

test.each([
  ["what is needed", {}, { token: "This is needed." }],
  ["a text that is too short", { token: "123" }, { token: "At least 8 characters." }],
  ["a number out of bounds", { token: "12345678", timeout: 90 }, { timeout: "At most 60." }],
  ["a broken number", { token: "12345678", timeout: 1.5 }, { timeout: "A whole number is needed." }],
  ["a choice that is none", { token: "12345678", mode: "pigeon" }, { mode: "Choose one of the options." }],
  ["nothing where all is well", { token: "12345678", timeout: null }, {}],
])("validation finds %s", (_name, value, expected) => {
  expect(validate(GATEWAY, value)).toEqual(expected);
});

test("validation reaches into lists, and lets a stored secret be", () => {
  expect(validate(RULES, { rules: [{ keywords: [], reply: "x" }] })).toEqual({
    "rules.0.keywords": "This is needed.",
  });
  expect(validate(GATEWAY, {}, { secretsStored: true })).toEqual({});
});

const PROVIDER: JsonSchema = {
  type: "object",
  properties: {
    provider: { type: "string", enum: ["openai", "custom"], default: "openai" },
    base_url: { type: "string", title: "Address" },
    greeting: { type: "string", default: "Hello!" },
  },
  allOf: [
    {
      if: { properties: { provider: { const: "custom" } }, required: ["provider"] },
      then: { required: ["base_url"] },
    },
  ],
};

test("a field can be needed because of another", () => {
  expect(validate(PROVIDER, { provider: "openai" })).toEqual({});
  expect(validate(PROVIDER, { provider: "custom" })).toEqual({ base_url: "This is needed." });
  expect(validate(PROVIDER, { provider: "custom", base_url: "http://localhost:1" })).toEqual({});
});

test("what is emptied is left out, unless its default would come back", async () => {
  const { user, value } = show(PROVIDER);
  expect(screen.getByRole("option", { name: "OpenAI" })).toBeDefined();
  await user.type(screen.getByLabelText("Address"), "x");
  await user.clear(screen.getByLabelText("Address"));
  await user.clear(screen.getByLabelText("Greeting"));
  expect(value()).toEqual({ provider: "openai", greeting: "" });
});

test.each(["config.rules.0.reply", "config.rules[0].reply", "/config/rules/0/reply"])(
  "the server's errors find their field: %s",
  (field) => {
    expect(errorsBelow("config", [{ field, message: "Too long." }])).toEqual({
      "rules.0.reply": "Too long.",
    });
    expect(errorsBelow("credentials", [{ field, message: "Too long." }])).toEqual({});
  },
);
