import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ErrorState } from "@/components/error-state";
import { RelativeTime } from "@/components/relative-time";
import { Stat } from "@/components/stat";
import { ConfirmDialog } from "@/components/ui/alert-dialog";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Select } from "@/components/ui/select";
import { Table, Td, Th } from "@/components/ui/table";
import { useChangeTenant } from "@/features/operators/api/change-tenant";
import { plansQuery, verifyAuditLog } from "@/features/operators/api/get-tenants";
import { checkWords } from "@/features/operators/words";
import type { TenantDetail as Tenant } from "@/lib/api-types";
import { formatBytes, formatDateTime, formatNumber, humanize } from "@/lib/format";

/** What operators see of a tenant: who, how much, and nothing of what it keeps. */
export function TenantDetail({ tenant }: { tenant: Tenant }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-6">
      {tenant.suspended_at && (
        <Card className="border-danger/40 p-5 text-sm">
          Suspended since {formatDateTime(tenant.suspended_at)}: {tenant.suspended_for}
        </Card>
      )}
      <Card>
        <CardHeader title="What it has and uses" description="Counts and today's use (UTC)." />
        <CardBody>
          <dl className="grid grid-cols-2 gap-4 sm:grid-cols-4">
            <Stat label="Gateways" value={formatNumber(tenant.counts.gateways)} />
            <Stat label="Plugins" value={formatNumber(tenant.counts.plugins)} />
            <Stat label="Waiting events" value={formatNumber(tenant.counts.waiting_events)} />
            <Stat label="Storage" value={formatBytes(tenant.storage_bytes)} />
            <Stat label="Executions today" value={formatNumber(tenant.today.executions)} />
            <Stat label="Failed today" value={formatNumber(tenant.today.failed_executions)} />
            <Stat label="Messages in" value={formatNumber(tenant.today.messages_in)} />
            <Stat label="Messages out" value={formatNumber(tenant.today.messages_out)} />
          </dl>
        </CardBody>
      </Card>
      <People tenant={tenant} />
      <PlanCard tenant={tenant} />
      <AuditCard tenant={tenant} />
    </div>
  );
}

function People({ tenant }: { tenant: Tenant }) {
  return (
    <Card>
      <CardHeader title="People" />
      <Table>
        <thead>
          <tr>
            <Th>Name</Th>
            <Th>Email</Th>
            <Th>Role</Th>
            <Th>Since</Th>
          </tr>
        </thead>
        <tbody>
          {tenant.people.map((person) => (
            <tr key={person.id}>
              <Td className="font-medium">{person.name}</Td>
              <Td>
                {person.email} {!person.email_verified && <Badge tone="warning">Not confirmed</Badge>}
              </Td>
              <Td>
                {humanize(person.role)} {person.operator && <Badge tone="brand">Operator</Badge>}
              </Td>
              <Td className="whitespace-nowrap">
                <RelativeTime time={person.created_at} />
              </Td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}

function PlanCard({ tenant }: { tenant: Tenant }) {
  const plans = useQuery(plansQuery);
  const change = useChangeTenant(tenant.id);
  const [plan, setPlan] = useState(tenant.plan.id);
  const name = plans.data?.items.find((one) => one.id === plan)?.name ?? plan;
  return (
    <Card>
      <CardHeader
        title="Plan"
        description="What it has above the limits of a smaller plan stays; there can only be no more."
      />
      <CardBody className="flex flex-wrap items-center gap-3">
        <Select
          aria-label="Plan"
          className="w-48"
          value={plan}
          onChange={(event) => setPlan(event.target.value)}
        >
          {plans.data?.items.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </Select>
        <ConfirmDialog
          trigger={<Button disabled={plan === tenant.plan.id}>Change the plan…</Button>}
          title={`Move “${tenant.name}” to ${name}?`}
          description={`It is on ${tenant.plan.name} now. The new limits hold at once, and the change stands in the audit logs.`}
          confirmLabel="Change the plan"
          tone="primary"
          error={change.error && <ErrorState error={change.error} />}
          onConfirm={() => change.mutateAsync({ plan })}
        />
      </CardBody>
    </Card>
  );
}

function AuditCard({ tenant }: { tenant: Tenant }) {
  const check = useMutation({ mutationFn: () => verifyAuditLog(tenant.id) });
  return (
    <Card>
      <CardHeader
        title="Audit log"
        description="Its rows are chained: a check finds what was changed behind the server's back. What they say is the tenant's own."
        action={
          <Button variant="outline" size="sm" pending={check.isPending} onClick={() => check.mutate()}>
            Check it
          </Button>
        }
      />
      {(check.data ?? check.error) && (
        <CardBody>
          {check.error && <ErrorState error={check.error} />}
          {check.data && (
            <p role="status" className={check.data.fault ? "text-sm font-medium text-danger" : "text-sm"}>
              {checkWords(check.data)}
            </p>
          )}
        </CardBody>
      )}
    </Card>
  );
}
