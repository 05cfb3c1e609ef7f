import { Link } from "@tanstack/react-router";
import { Blocks, Check, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useInstalls } from "@/api/get-installs";
import { EmptyState } from "@/components/empty-state";
import { QueryState } from "@/components/query-state";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { usePlugins } from "@/features/plugins/api/get-plugins";
import { InstallDialog } from "@/features/plugins/components/install-dialog";
import { PluginIcon } from "@/features/plugins/components/plugin-icon";
import { INSTALL_STATES } from "@/features/plugins/words";
import type { Install, Plugin } from "@/lib/api-types";
import { humanize, plural } from "@/lib/format";

/** What the tenant has installed. */
export function InstalledPlugins({ browseButton }: { browseButton: ReactNode }) {
  const installs = useInstalls();
  return (
    <QueryState query={installs} skeleton={<CardsSkeleton />}>
      {(items) =>
        items.length === 0 ? (
          <Card>
            <EmptyState icon={Blocks} title="No plugins installed" action={browseButton}>
              Plugins do the work: they answer, count, and keep things in order. Start with Auto reply.
            </EmptyState>
          </Card>
        ) : (
          <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
            {items.map((install) => (
              <InstallCard key={install.id} install={install} />
            ))}
          </ul>
        )
      }
    </QueryState>
  );
}

/** Everything that can be installed. */
export function PluginCatalogue({ onInstalled }: { onInstalled: (install: Install) => void }) {
  const plugins = usePlugins();
  return (
    <QueryState query={plugins} skeleton={<CardsSkeleton />}>
      {(items) =>
        items.length === 0 ? (
          <Card>
            <EmptyState icon={Blocks} title="The catalogue is empty">
              This server was built without plugins. Its operator can add components to the plugin folder.
            </EmptyState>
          </Card>
        ) : (
          <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
            {items.map((plugin) => (
              <CatalogueCard key={plugin.slug} plugin={plugin} onInstalled={onInstalled} />
            ))}
          </ul>
        )
      }
    </QueryState>
  );
}

function InstallCard({ install }: { install: Install }) {
  const { plugin, state, state_reason: trouble, stats } = install;
  const { label, tone } = INSTALL_STATES[state];
  const bound = Object.values(install.gateways).flat();
  return (
    <PluginCard
      plugin={plugin}
      badge={
        <Badge tone={tone} dot>
          {label}
        </Badge>
      }
    >
      {trouble && state !== "enabled" ? (
        <p className="flex gap-2 text-[0.8125rem]" data-testid="trouble" data-code={trouble.code}>
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
          <span>
            <span className="font-medium">{trouble.title}.</span>{" "}
            <span className="text-muted-foreground">{trouble.advice}</span>
          </span>
        </p>
      ) : (
        <p className="truncate text-xs text-muted-foreground">
          {bound.length > 0 ? `On ${bound.map((gateway) => gateway.name).join(", ")}` : "Bound to no gateway"}
        </p>
      )}
      <p className="text-xs text-muted-foreground">
        {plural(stats.executions_24h, "run")} in 24 h
        {stats.failures_24h > 0 && <span className="text-danger"> · {stats.failures_24h} failed</span>}
      </p>
    </PluginCard>
  );
}

function CatalogueCard({ plugin, onInstalled }: { plugin: Plugin; onInstalled: (install: Install) => void }) {
  return (
    <PluginCard plugin={plugin} badge={<Badge>{humanize(plugin.category)}</Badge>}>
      <div className="flex items-center justify-between gap-3">
        <span className="truncate text-xs text-muted-foreground">
          v{plugin.version} · {plugin.author}
        </span>
        {plugin.installed ? (
          <Badge tone="success" className="py-1.5">
            <Check /> Installed
          </Badge>
        ) : (
          <InstallDialog
            plugin={plugin}
            onInstalled={onInstalled}
            trigger={
              <Button
                size="sm"
                variant="soft"
                className="relative z-10"
                aria-label={`Install ${plugin.name}`}
              >
                Install
              </Button>
            }
          />
        )}
      </div>
    </PluginCard>
  );
}

function PluginCard({ plugin, badge, children }: { plugin: Plugin; badge: ReactNode; children: ReactNode }) {
  return (
    <li
      className="relative flex flex-col gap-3 surface p-4 transition-colors hover:border-input"
      data-testid="plugin"
    >
      <div className="flex items-start gap-3">
        <PluginIcon slug={plugin.slug} name={plugin.name} />
        <div className="min-w-0 flex-1">
          <div className="flex items-start justify-between gap-2">
            <Link
              to="/plugins/$slug"
              params={{ slug: plugin.slug }}
              className="font-medium after:absolute after:inset-0 after:rounded-xl"
            >
              {plugin.name}
            </Link>
            {badge}
          </div>
          <p className="mt-0.5 text-[0.8125rem] text-pretty text-muted-foreground">{plugin.summary}</p>
        </div>
      </div>
      <div className="mt-auto grid gap-2 border-t pt-3">{children}</div>
    </li>
  );
}

function CardsSkeleton() {
  return (
    <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
      {[0, 1, 2].map((card) => (
        <Skeleton key={card} className="h-36 rounded-xl" />
      ))}
    </div>
  );
}
