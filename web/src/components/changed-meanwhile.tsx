import { Users } from "lucide-react";
import { Button } from "@/components/ui/button";

interface ChangedMeanwhileProps {
  /** What it is, such as `gateway`. */
  what: string;
  onKeep: () => void;
  onTake: () => void;
}

/** Somebody else, or another page, changed what is being edited. What was typed is kept until the person decides. */
export function ChangedMeanwhile({ what, onKeep, onTake }: ChangedMeanwhileProps) {
  return (
    <div
      role="alert"
      className="flex flex-wrap items-start gap-3 rounded-xl border border-warning/30 bg-warning-soft p-4"
    >
      <Users aria-hidden className="mt-0.5 size-4.5 shrink-0 text-warning" />
      <div className="min-w-0 flex-1 basis-56">
        <p className="text-sm font-medium">This {what} was changed meanwhile</p>
        <p className="text-sm text-muted-foreground">
          Nothing of yours was saved yet, and what you typed is still here. Save it over the other change, or
          go on from what is stored now.
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button type="button" variant="outline" size="sm" onClick={onTake}>
          Load what is stored
        </Button>
        <Button type="button" variant="outline" size="sm" onClick={onKeep}>
          Keep mine
        </Button>
      </div>
    </div>
  );
}
