import { RotateCw } from "lucide-react";
import type { Range } from "@/components/day-range";
import { Button } from "@/components/ui/button";
import { Tooltip } from "@/components/ui/tooltip";
import { useReports } from "@/features/analytics/api/get-reports";
import { formatTime } from "@/lib/format";
import { cn } from "@/lib/utils";

/** Runs the reports again. */
export function RefreshReports({ range }: { range: Range }) {
  const query = useReports(range.from, range.to);
  const asOf =
    query.dataUpdatedAt > 0 ? ` (as of ${formatTime(new Date(query.dataUpdatedAt).toISOString())})` : "";
  return (
    <Tooltip text={`Run the reports again${asOf}`}>
      <Button
        variant="outline"
        size="icon"
        aria-label="Refresh"
        disabled={query.isFetching}
        onClick={() => void query.refetch()}
      >
        <RotateCw className={cn(query.isFetching && "animate-spin")} />
      </Button>
    </Tooltip>
  );
}
