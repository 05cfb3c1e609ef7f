import { useState } from "react";

interface Edited<Stored, Draft> {
  draft: Draft;
  setDraft: (draft: Draft) => void;
  /** What was stored when the person began: what they change is a change of this, and goes by its version. */
  base: { etag: string; stored: Stored };
  /** Whether the draft is another than that. */
  changed: boolean;
  /** Whether somebody else changed what is being edited since. */
  behind: boolean;
  /** Goes on from what is stored now, with what was typed. */
  keep: () => void;
  /** Goes on from what is stored now, or from what a save answered, and forgets what was typed. */
  take: (newest?: { etag: string; stored: Stored }) => void;
}

/**
 * What a form edits, beside what the server has of it, which may change while somebody types. A form that nobody typed into
 * follows; otherwise the person decides. Other parts of the same thing may change without a question.
 */
export function useEdited<Stored, Draft>(
  etag: string,
  stored: Stored,
  draftOf: (stored: Stored) => Draft,
): Edited<Stored, Draft> {
  const [base, setBase] = useState({ etag, stored });
  const [seen, setSeen] = useState(etag);
  const [draft, setDraft] = useState(() => draftOf(stored));
  const changed = !same(draft, draftOf(base.stored));
  const differs = !same(stored, base.stored);
  const take = (newest = { etag, stored }) => {
    setBase(newest);
    setDraft(draftOf(newest.stored));
  };
  const keep = () => setBase({ etag, stored });
  // Once for each version that comes: the answer to a save is here before the pages have loaded the same.
  if (etag !== seen) {
    setSeen(etag);
    if (!differs) keep();
    else if (!changed) take();
  }
  return { draft, setDraft, base, changed, behind: changed && differs, keep, take };
}

const same = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right);
