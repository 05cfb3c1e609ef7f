import { useState } from "react";
import { FieldError, type FieldAria } from "@/components/ui/field";
import { Textarea } from "@/components/ui/input";
import type { Json } from "@/lib/api-types";

interface JsonInputProps {
  aria: FieldAria;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}

/** For what no other field fits: the JSON itself. The value changes only while the text is valid. */
export function JsonInput({ aria, value, onChange }: JsonInputProps) {
  const [text, setText] = useState(() => (value === undefined ? "" : JSON.stringify(value, null, 2)));
  const [wrong, setWrong] = useState(false);
  return (
    <>
      <Textarea
        {...aria}
        className="font-mono text-xs"
        spellCheck={false}
        value={text}
        aria-invalid={wrong || aria["aria-invalid"]}
        onChange={(event) => {
          setText(event.target.value);
          try {
            onChange(event.target.value.trim() === "" ? undefined : (JSON.parse(event.target.value) as Json));
            setWrong(false);
          } catch {
            setWrong(true);
          }
        }}
      />
      {wrong && <FieldError>This is not valid JSON yet.</FieldError>}
    </>
  );
}
