import { useNavigate, useParams } from "@tanstack/react-router";
import { BackLink } from "@/components/back-link";
import { ErrorState } from "@/components/error-state";
import { ManagersOnly } from "@/components/managers-only";
import { Page } from "@/components/page";
import { QueryState } from "@/components/query-state";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { RecentExecutions } from "@/features/activity/components/recent-executions";
import { useInstall } from "@/features/plugins/api/get-install";
import { usePlugin } from "@/features/plugins/api/get-plugin";
import { InstallActions } from "@/features/plugins/components/install-actions";
import { InstallDialog } from "@/features/plugins/components/install-dialog";
import { AboutPlugin, InstalledPlugin } from "@/features/plugins/components/plugin-detail";
import { PluginIcon } from "@/features/plugins/components/plugin-icon";
import { INSTALL_STATES } from "@/features/plugins/words";

export function PluginRoute() {
  const { slug } = useParams({ from: "/app/plugins/$slug" });
  const navigate = useNavigate();
  const query = usePlugin(slug);
  const plugin = query.data;
  const installQuery = useInstall(slug, plugin?.installed ?? false);
  const install = plugin?.installed ? installQuery.data : undefined;
  const state = install && INSTALL_STATES[install.state];
  return (
    <Page
      title={plugin?.name ?? "Plugin"}
      above={<BackLink to="/plugins">Plugins</BackLink>}
      heading={
        plugin && (
          <span className="flex flex-wrap items-center gap-x-3 gap-y-2">
            <PluginIcon slug={plugin.slug} name={plugin.name} />
            {plugin.name}
            {state && (
              <Badge tone={state.tone} dot data-testid="install-state">
                {state.label}
              </Badge>
            )}
          </span>
        )
      }
      description={plugin?.summary}
      actions={
        <ManagersOnly>
          {install ? (
            <InstallActions install={install} onUninstalled={() => void navigate({ to: "/plugins" })} />
          ) : (
            plugin &&
            !plugin.installed && (
              <InstallDialog
                plugin={plugin}
                onInstalled={() => undefined}
                trigger={<Button>Install</Button>}
              />
            )
          )}
        </ManagersOnly>
      }
    >
      <QueryState query={query} skeleton={<Skeleton className="h-80 rounded-xl" />}>
        {(loaded) =>
          !loaded.installed ? (
            <AboutPlugin plugin={loaded} />
          ) : install ? (
            <InstalledPlugin
              install={install}
              activity={
                <Card className="pt-2">
                  <RecentExecutions plugin={slug} limit={20} />
                </Card>
              }
            />
          ) : installQuery.error ? (
            <ErrorState error={installQuery.error} onRetry={() => void installQuery.refetch()} />
          ) : (
            <Skeleton className="h-80 rounded-xl" />
          )
        }
      </QueryState>
    </Page>
  );
}
