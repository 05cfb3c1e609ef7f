import { X } from "lucide-react";
import { useState, type KeyboardEvent } from "react";
import type { FieldAria } from "@/components/ui/field";
import { fieldClasses } from "@/components/ui/input";
import { cn } from "@/lib/utils";

interface TagsInputProps {
  aria: FieldAria;
  value: string[];
  onChange: (value: string[]) => void;
  placeholder?: string;
}

/** Several short texts in one field: Enter or a comma ends each. */
export function TagsInput({ aria, value, onChange, placeholder }: TagsInputProps) {
  const [draft, setDraft] = useState("");

  function commit() {
    const text = draft.trim();
    if (text !== "" && !value.includes(text)) onChange([...value, text]);
    setDraft("");
  }

  function onKeyDown(event: KeyboardEvent) {
    if ((event.key === "Enter" || event.key === ",") && draft.trim() !== "") {
      event.preventDefault();
      commit();
    } else if (event.key === "Enter") {
      // Enter in a list means "next", never "send the form".
      event.preventDefault();
    } else if (event.key === "Backspace" && draft === "") {
      onChange(value.slice(0, -1));
    }
  }

  return (
    <div
      className={cn(
        fieldClasses,
        "flex min-h-9 flex-wrap items-center gap-1.5 px-1.5 py-1 has-[input:focus-visible]:border-ring has-[input:focus-visible]:outline-2 has-[input:focus-visible]:-outline-offset-1 has-[input:focus-visible]:outline-ring",
      )}
    >
      {value.map((tag, index) => (
        <span
          key={tag}
          className="flex max-w-full items-center gap-0.5 rounded-md bg-accent py-0.5 pr-0.5 pl-2"
        >
          <span className="truncate">{tag}</span>
          <button
            type="button"
            aria-label={`Remove ${tag}`}
            onClick={() => onChange(value.filter((_, at) => at !== index))}
            className="rounded p-0.5 text-muted-foreground hover:text-foreground"
          >
            <X className="size-3.5" />
          </button>
        </span>
      ))}
      <input
        {...aria}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={commit}
        placeholder={value.length === 0 ? (placeholder ?? "Type and press Enter") : ""}
        className="h-6 min-w-24 flex-1 bg-transparent px-1.5 outline-none placeholder:text-muted-foreground/70"
      />
    </div>
  );
}
