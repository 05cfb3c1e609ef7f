import { toApiError, type ApiError } from "@/lib/api-error";
import type { DeadLetter } from "@/lib/api-types";

/** What became of many. */
export interface ManyResult {
  done: number;
  /** Those that someone else had decided on meanwhile. */
  gone: number;
  /** Those that were refused, and why. */
  refused: { letter: DeadLetter; error: ApiError }[];
  /** How many were not tried after one was refused in a way that the next would be, too. */
  untried: number;
}

/** Requests under way at a time: a person waits, and others use the server, too. */
const AT_A_TIME = 4;

/** After these, the next one would be refused as well: the queue is full, the session is over, nobody answers. */
function isFinal(error: ApiError): boolean {
  return error.isSignedOut || error.isTransient;
}

/** Decides on each of them, and says of each that was refused why. `onStep` hears how many are through. */
export async function decideMany(
  letters: DeadLetter[],
  decide: (id: string) => Promise<unknown>,
  onStep: (through: number) => void = () => undefined,
): Promise<ManyResult> {
  const result: ManyResult = { done: 0, gone: 0, refused: [], untried: 0 };
  let next = 0;
  let through = 0;
  let over = false;
  async function work() {
    for (let letter = letters[next++]; letter && !over; letter = letters[next++]) {
      try {
        await decide(letter.id);
        result.done += 1;
      } catch (thrown) {
        const error = toApiError(thrown);
        if (error.status === 404) result.gone += 1;
        else result.refused.push({ letter, error });
        over ||= isFinal(error);
      }
      onStep(++through);
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  result.untried = letters.length - through;
  return result;
}

/** The refusals that say the same, together: twenty of one plugin that is off are one thing to mend. */
export function groupRefusals(refused: ManyResult["refused"]): { error: ApiError; letters: DeadLetter[] }[] {
  const groups = new Map<string, { error: ApiError; letters: DeadLetter[] }>();
  for (const { letter, error } of refused) {
    const key = `${error.code}/${error.detail}`;
    const group = groups.get(key) ?? { error, letters: [] };
    group.letters.push(letter);
    groups.set(key, group);
  }
  return [...groups.values()];
}
