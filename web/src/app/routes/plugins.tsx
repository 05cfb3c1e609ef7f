import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useInstalls } from "@/api/get-installs";
import { Page } from "@/components/page";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs";
import { InstalledPlugins, PluginCatalogue } from "@/features/plugins/components/plugin-lists";

export function PluginsRoute() {
  const search = useSearch({ from: "/app/plugins" });
  const navigate = useNavigate();
  const installs = useInstalls();
  const show = (tab: "catalogue" | "installed") =>
    void navigate({ to: "/plugins", search: { tab }, replace: true });
  // Whoever comes with nothing installed is here to choose, also after the first choice.
  const [usual, setUsual] = useState<"catalogue" | "installed" | null>(null);
  if (usual === null && installs.data) setUsual(installs.data.length === 0 ? "catalogue" : "installed");
  const tab = search.tab ?? usual ?? "installed";
  return (
    <Page
      title="Plugins"
      description="What your bots can do. Each runs in a sandbox and may do only what you allow."
    >
      <Tabs value={tab} onValueChange={(value) => show(value === "catalogue" ? "catalogue" : "installed")}>
        <TabsList aria-label="Plugins">
          <TabsTrigger value="installed">
            Installed {installs.data && installs.data.length > 0 && <Badge>{installs.data.length}</Badge>}
          </TabsTrigger>
          <TabsTrigger value="catalogue">Catalogue</TabsTrigger>
        </TabsList>
        <TabsContent value="installed">
          <InstalledPlugins
            browseButton={<Button onClick={() => show("catalogue")}>Browse the catalogue</Button>}
          />
        </TabsContent>
        <TabsContent value="catalogue">
          <PluginCatalogue
            onInstalled={(install) =>
              void navigate({ to: "/plugins/$slug", params: { slug: install.plugin.slug } })
            }
          />
        </TabsContent>
      </Tabs>
    </Page>
  );
}
