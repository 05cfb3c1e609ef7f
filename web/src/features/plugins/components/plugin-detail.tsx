import type { ReactNode } from "react";
import { ManagersOnly } from "@/components/managers-only";
import { RelativeTime } from "@/components/relative-time";
import { Markdown } from "@/components/rich-text/markdown";
import { hasFields } from "@/components/schema-form/schema-form";
import { Stat } from "@/components/stat";
import { TroubleCard } from "@/components/trouble-card";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs";
import { useSetPluginEnabled } from "@/features/plugins/api/set-plugin-enabled";
import { ActionCard } from "@/features/plugins/components/action-card";
import { BindingsForm } from "@/features/plugins/components/bindings-form";
import { ConfigForm } from "@/features/plugins/components/config-form";
import { GrantsForm } from "@/features/plugins/components/grants-form";
import { Permissions } from "@/features/plugins/components/permissions";
import { UpgradeCard } from "@/features/plugins/components/upgrade-card";
import type { Install, Plugin } from "@/lib/api-types";
import { formatNumber, humanize } from "@/lib/format";

interface InstalledPluginProps {
  install: Install;
  /** What it did of late; another feature knows that. */
  activity: ReactNode;
}

/** An installed plugin: its trouble, settings, gateways, actions and what it did. */
export function InstalledPlugin({ install, activity }: InstalledPluginProps) {
  const { plugin, stats } = install;
  const enable = useSetPluginEnabled(plugin.slug);
  const configurable = hasFields(plugin.config_schema);
  return (
    <div className="grid grid-cols-1 gap-5">
      <ManagersOnly>{install.undecided.length > 0 && <UpgradeCard install={install} />}</ManagersOnly>
      {install.state_reason && install.state !== "enabled" && install.undecided.length === 0 && (
        <TroubleCard
          trouble={install.state_reason}
          tone="warning"
          actions={
            <ManagersOnly>
              <Button
                variant="outline"
                size="sm"
                pending={enable.isPending}
                onClick={() => enable.mutate(true)}
              >
                Enable again
              </Button>
            </ManagersOnly>
          }
        />
      )}
      <Card>
        <dl className="grid grid-cols-3 gap-4 px-5 py-4">
          <Stat label="Runs in 24 h" value={formatNumber(stats.executions_24h)} />
          <Stat
            label="Failed in 24 h"
            value={
              <span className={stats.failures_24h > 0 ? "text-danger" : undefined}>
                {formatNumber(stats.failures_24h)}
              </span>
            }
          />
          <Stat
            label="Last run"
            value={
              <span className="text-base">
                {stats.last_execution_at ? <RelativeTime time={stats.last_execution_at} /> : "Never"}
              </span>
            }
          />
        </dl>
      </Card>
      <Tabs defaultValue={configurable ? "settings" : "gateways"}>
        <TabsList aria-label="About this plugin">
          {configurable && <TabsTrigger value="settings">Settings</TabsTrigger>}
          {plugin.gateway_slots.length > 0 && <TabsTrigger value="gateways">Gateways</TabsTrigger>}
          {plugin.actions.length > 0 && <TabsTrigger value="actions">Actions</TabsTrigger>}
          <TabsTrigger value="permissions">Permissions</TabsTrigger>
          <TabsTrigger value="activity">Activity</TabsTrigger>
          <TabsTrigger value="about">About</TabsTrigger>
        </TabsList>
        <TabsContent value="settings">
          <Card>
            <CardBody className="max-w-2xl pt-5">
              <ManagersOnly show>
                <ConfigForm key={install.id} install={install} />
              </ManagersOnly>
            </CardBody>
          </Card>
        </TabsContent>
        <TabsContent value="gateways">
          <Card>
            <CardBody className="max-w-2xl pt-5">
              <ManagersOnly show>
                <BindingsForm key={install.id} install={install} />
              </ManagersOnly>
            </CardBody>
          </Card>
        </TabsContent>
        <TabsContent value="permissions">
          <Card>
            <CardBody className="max-w-2xl pt-5">
              {/* What was decided elsewhere on this page shows here as well. */}
              <ManagersOnly show>
                <GrantsForm key={`${install.id} ${install.grants.join()}`} install={install} />
              </ManagersOnly>
            </CardBody>
          </Card>
        </TabsContent>
        <TabsContent value="actions" className="grid gap-4">
          <ManagersOnly show>
            {plugin.actions.map((action) => (
              <ActionCard
                key={action.name}
                slug={plugin.slug}
                action={action}
                disabled={install.state !== "enabled"}
              />
            ))}
          </ManagersOnly>
        </TabsContent>
        <TabsContent value="activity">{activity}</TabsContent>
        <TabsContent value="about">
          <AboutPlugin plugin={plugin} />
        </TabsContent>
      </Tabs>
    </div>
  );
}

/** What a plugin says of itself, and what it asks for. */
export function AboutPlugin({ plugin }: { plugin: Plugin }) {
  return (
    <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <Card>
        <CardBody className="pt-5">
          <Markdown text={plugin.description || plugin.summary} className="max-w-prose" />
        </CardBody>
      </Card>
      <div className="grid grid-cols-1 gap-5">
        <Card>
          <CardHeader title="It asks to" />
          <CardBody>
            <Permissions plugin={plugin} />
          </CardBody>
        </Card>
        <Card>
          <CardHeader title="Details" />
          <CardBody>
            <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 text-[0.8125rem]">
              <Fact name="Version" value={plugin.version} />
              <Fact name="Author" value={plugin.author} />
              <Fact name="Category" value={humanize(plugin.category)} />
              {plugin.schedules.map((schedule) => (
                <Fact
                  key={schedule.name}
                  name={humanize(schedule.name)}
                  value={`${schedule.cron} (${schedule.time_zone})`}
                />
              ))}
              <Fact
                name="Digest"
                value={<code className="text-xs break-all">{plugin.digest.slice(0, 19)}…</code>}
              />
            </dl>
          </CardBody>
        </Card>
      </div>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  return (
    <>
      <dt className="text-muted-foreground">{name}</dt>
      <dd className="min-w-0 text-right break-words">{value}</dd>
    </>
  );
}
