import { Link } from "@tanstack/react-router";
import { useMe } from "@/api/get-me";
import { Page } from "@/components/page";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { RecentExecutions } from "@/features/activity/components/recent-executions";
import { ConfirmAddress } from "@/features/auth/components/confirm-address";
import { GatewaySummary } from "@/features/gateways/components/gateway-summary";
import { GettingStarted } from "@/features/overview/components/getting-started";
import { TroubleList } from "@/features/overview/components/trouble-list";
import { WeeksCard } from "@/features/overview/components/weeks-card";
import { WorkspaceCard } from "@/features/overview/components/workspace-card";
import { PlanLimits } from "@/features/usage/components/plan-limits";

export function OverviewRoute() {
  const { user, tenant } = useMe();
  return (
    <Page title="Overview" description={`Hello ${user.name.split(" ")[0]}. This is ${tenant.name} today.`}>
      <div className="grid grid-cols-1 gap-5">
        <TroubleList />
        <ConfirmAddress />
        <GettingStarted />
        <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-[minmax(0,1fr)_22rem]">
          <div className="grid grid-cols-1 gap-5">
            <WorkspaceCard />
            <WeeksCard />
            <Card>
              <CardHeader
                title="Recent activity"
                action={
                  <Link to="/activity" className="text-[0.8125rem] text-primary hover:underline">
                    All activity
                  </Link>
                }
              />
              <RecentExecutions limit={6} />
            </Card>
          </div>
          <div className="grid grid-cols-1 gap-5">
            <Card>
              <CardHeader title={`${tenant.plan.name} plan`} description="What is used of what it allows" />
              <CardBody>
                <PlanLimits />
              </CardBody>
            </Card>
            <GatewaySummary />
          </div>
        </div>
      </div>
    </Page>
  );
}
