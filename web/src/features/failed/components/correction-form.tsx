import { RotateCw, Undo2 } from "lucide-react";
import { useId, useRef, useState, type FormEvent } from "react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { FieldError } from "@/components/ui/field";
import { Textarea } from "@/components/ui/input";
import { lineOf, placeProblems, readText, type TextProblem } from "@/features/failed/payload";
import { toApiError } from "@/lib/api-error";
import type { JsonObject } from "@/lib/api-types";

interface CorrectionFormProps {
  payload: JsonObject;
  /** Runs it again with this payload; a rejection leaves the text as it is. */
  onSubmit: (payload: JsonObject) => Promise<unknown>;
  onCancel: () => void;
}

/** The text of a payload, to be corrected. What is wrong is said with its line, and the text is kept whatever happens. */
export function CorrectionForm({ payload, onSubmit, onCancel }: CorrectionFormProps) {
  // As it was when the correction began: what comes in meanwhile does not change what a person writes.
  const [original] = useState(() => JSON.stringify(payload, null, 2));
  const [text, setText] = useState(original);
  const [problems, setProblems] = useState<TextProblem[]>([]);
  const [refusal, setRefusal] = useState<unknown>(null);
  const [pending, setPending] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();

  function show(problem: TextProblem | undefined) {
    const field = area.current;
    if (!field) return;
    field.focus();
    if (!problem?.range) return;
    field.setSelectionRange(...problem.range);
    // A browser does not scroll to a selection by itself.
    const lines = text.split("\n").length;
    const top = ((lineOf(text, problem.range[0]) - 1) / lines) * field.scrollHeight;
    field.scrollTop = Math.max(top - field.clientHeight / 3, 0);
  }

  function refuse(found: TextProblem[]) {
    setProblems(found);
    show(found[0]);
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    setRefusal(null);
    const read = readText(text);
    if (read.problem) return refuse([read.problem]);
    if (JSON.stringify(read.value) === JSON.stringify(payload)) {
      return refuse([
        { message: "Nothing is changed. To run it as it is, use “Run again”.", field: "", range: null },
      ]);
    }
    setProblems([]);
    setPending(true);
    try {
      await onSubmit(read.value);
    } catch (thrown) {
      const error = toApiError(thrown);
      if (error.fields.length > 0) refuse(placeProblems(text, error.fields));
      else setRefusal(error);
    } finally {
      setPending(false);
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)} noValidate className="grid gap-3">
      <div className="grid gap-1.5">
        <label htmlFor={id} className="text-[0.8125rem] font-medium">
          What is run instead
        </label>
        <Textarea
          ref={area}
          id={id}
          autoFocus
          spellCheck={false}
          autoCapitalize="off"
          autoCorrect="off"
          className="max-h-[60dvh] min-h-64 font-mono text-xs leading-5"
          value={text}
          aria-invalid={problems.length > 0 || undefined}
          aria-describedby={`${id}-hint ${id}-errors`}
          onChange={(event) => setText(event.target.value)}
        />
        <p id={`${id}-hint`} className="text-xs leading-relaxed text-muted-foreground">
          Change the values between quotation marks, and leave the names before the colons as they are. It
          becomes a new run; the failed one stays in the history.
        </p>
        <div id={`${id}-errors`} role="alert" className="grid gap-1">
          {problems.map((problem, index) => (
            <FieldError key={index}>
              <span className="min-w-0 break-words">
                {problem.field && <code className="mr-1">{problem.field}</code>}
                {problem.message}
                {problem.range && (
                  <Button variant="link" size="sm" className="ml-2 text-xs" onClick={() => show(problem)}>
                    Line {lineOf(text, problem.range[0])}
                  </Button>
                )}
              </span>
            </FieldError>
          ))}
        </div>
      </div>
      {refusal !== null && <ErrorState error={refusal} />}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" pending={pending}>
          {!pending && <RotateCw />} Correct and run again
        </Button>
        <Button variant="outline" onClick={onCancel}>
          Cancel
        </Button>
        <Button
          variant="ghost"
          disabled={text === original}
          onClick={() => {
            setText(original);
            setProblems([]);
            area.current?.focus();
          }}
        >
          <Undo2 /> As it was
        </Button>
      </div>
    </form>
  );
}
