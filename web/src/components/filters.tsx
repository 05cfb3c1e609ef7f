import { useState, type ReactNode } from "react";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { cn } from "@/lib/utils";

/** What narrows a list, in a line over it. Each change takes effect at once. */
export function FilterBar({ children }: { children: ReactNode }) {
  return (
    <form
      role="search"
      className="flex flex-wrap gap-2 border-b p-3"
      onSubmit={(event) => event.preventDefault()}
    >
      {children}
    </form>
  );
}

interface FilterSelectProps {
  label: string;
  /** The choice that leaves nothing out. */
  all: string;
  value: string | undefined;
  /** Called with nothing for that choice. */
  onChange: (value: string) => void;
  /** Values and what they are called. */
  options?: Iterable<readonly [value: string, label: string]>;
  /** Further ones. */
  children?: ReactNode;
  className?: string;
}

/** One of several, or all. */
export function FilterSelect(props: FilterSelectProps) {
  const { label, all, value, onChange, options = [], children, className } = props;
  return (
    <Select
      aria-label={label}
      className={cn("w-36 max-sm:flex-1", className)}
      value={value ?? ""}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{all}</option>
      <FilterOptions of={options} />
      {children}
    </Select>
  );
}

/** Values and what they are called. */
export function FilterOptions({ of }: { of: Iterable<readonly [value: string, label: string]> }) {
  return Array.from(of, ([value, label]) => (
    <option key={value} value={value}>
      {label}
    </option>
  ));
}

interface FilterTextProps {
  label: string;
  value: string | undefined;
  onChange: (value: string) => void;
}

/** What one types takes effect by Enter, or once one goes on. */
export function FilterText({ label, value = "", onChange }: FilterTextProps) {
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  // The filters were cleared, or a link led here.
  if (value !== known) {
    setKnown(value);
    setText(value);
  }
  const done = () => {
    if (text.trim() !== value) onChange(text.trim());
  };
  return (
    <Input
      type="search"
      aria-label={label}
      placeholder={label}
      className="w-64 max-sm:w-full"
      maxLength={100}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => event.key === "Enter" && done()}
      onBlur={done}
    />
  );
}
