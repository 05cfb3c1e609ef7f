import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { DeadLetterFilter } from "@/api/get-dead-letter-count";
import { discardDeadLetter, retryDeadLetter, useDecided } from "@/features/failed/api/decide";
import { getAllDeadLetters } from "@/features/failed/api/get-dead-letters";
import { decideMany, type ManyResult } from "@/features/failed/many";
import { api } from "@/lib/api-client";
import type { BatchResult, DeadLetter } from "@/lib/api-types";

/** Those that are chosen, or all that fit a filter. */
export type Chosen = { letters: DeadLetter[] } | { filter: DeadLetterFilter };

/** All that fit a filter, as many requests as it takes. What is discarded does not come back, so that this ends. */
async function discardAll(filter: DeadLetterFilter, onStep: (through: number) => void): Promise<ManyResult> {
  let done = 0;
  for (let more = true; more;) {
    const batch = await api<BatchResult>("/dead-letters/discard", { method: "POST", body: filter });
    done += batch.changed;
    more = batch.more;
    onStep(done);
  }
  return { done, gone: 0, refused: [], untried: 0 };
}

/**
 * Decides on many. Each that is run again is asked for by itself: only so is told of each why it could not be, and what failed
 * again at once is not taken a second time. `through` says how far it is.
 */
export function useDecideMany() {
  const decided = useDecided();
  const [through, setThrough] = useState<number | null>(null);
  const mutation = useMutation({
    mutationFn: async ({ decision, chosen }: { decision: "retry" | "discard"; chosen: Chosen }) => {
      setThrough(0);
      if (decision === "discard" && "filter" in chosen) return discardAll(chosen.filter, setThrough);
      const letters = "letters" in chosen ? chosen.letters : await getAllDeadLetters(chosen.filter);
      const decide = decision === "retry" ? (id: string) => retryDeadLetter(id) : discardDeadLetter;
      return decideMany(letters, decide, setThrough);
    },
    onSettled: () => {
      setThrough(null);
      decided();
    },
  });
  return { ...mutation, through };
}
