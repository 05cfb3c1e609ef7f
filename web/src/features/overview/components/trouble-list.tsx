import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { recentExecutionsQuery } from "@/api/get-executions";
import { useGateways } from "@/api/get-gateways";
import { useInstalls } from "@/api/get-installs";
import { TroubleCard } from "@/components/trouble-card";
import { Button } from "@/components/ui/button";
import { collectTroubles, type PlacedTrouble } from "@/features/overview/troubles";

/** What is wrong now, and what to do about it. Nothing where nothing is. */
export function TroubleList() {
  const gateways = useGateways();
  const installs = useInstalls();
  const failed = useQuery(recentExecutionsQuery({ state: "failed" }, 20));
  const troubles = collectTroubles(gateways.data ?? [], installs.data ?? [], failed.data ?? []);
  if (troubles.length === 0) return null;
  return (
    <section aria-label="Needs attention" className="grid grid-cols-1 gap-3">
      {troubles.slice(0, 4).map((one) => (
        <TroubleCard
          key={one.key}
          trouble={one.trouble}
          subject={one.subject}
          actions={
            <Button asChild variant="outline" size="sm">
              <PlaceLink place={one.place} />
            </Button>
          }
        />
      ))}
      {troubles.length > 4 && (
        <p className="text-sm text-muted-foreground">
          And {troubles.length - 4} more, under{" "}
          <Link to="/activity" search={{ state: "failed" }} className="text-primary hover:underline">
            failed runs
          </Link>
          .
        </p>
      )}
    </section>
  );
}

function PlaceLink({ place, ...props }: { place: PlacedTrouble["place"]; className?: string }) {
  if (place.to === "gateway") {
    return (
      <Link {...props} to="/gateways/$gatewayId" params={{ gatewayId: place.id }}>
        Open the gateway
      </Link>
    );
  }
  if (place.to === "plugin") {
    return (
      <Link {...props} to="/plugins/$slug" params={{ slug: place.slug }}>
        Open the plugin
      </Link>
    );
  }
  return (
    <Link {...props} to="/activity/$executionId" params={{ executionId: place.id }}>
      See what happened
    </Link>
  );
}
