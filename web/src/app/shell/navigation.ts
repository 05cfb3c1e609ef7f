import {
  Activity,
  Blocks,
  ChartColumn,
  CircleX,
  Gauge,
  KeyRound,
  LayoutDashboard,
  MessagesSquare,
  Plug,
  ScrollText,
  type LucideIcon,
} from "lucide-react";

export interface NavigationItem {
  to:
    | "/"
    | "/chat"
    | "/gateways"
    | "/plugins"
    | "/activity"
    | "/failed"
    | "/analytics"
    | "/usage"
    | "/audit-log"
    | "/settings/api-keys";
  label: string;
  icon: LucideIcon;
}

export interface NavigationGroup {
  label: string | null;
  items: NavigationItem[];
}

/** The pages, as the sidebar groups them. */
export const NAVIGATION: NavigationGroup[] = [
  {
    label: null,
    items: [
      { to: "/", label: "Overview", icon: LayoutDashboard },
      { to: "/chat", label: "Chat", icon: MessagesSquare },
    ],
  },
  {
    label: "Build",
    items: [
      { to: "/gateways", label: "Gateways", icon: Plug },
      { to: "/plugins", label: "Plugins", icon: Blocks },
    ],
  },
  {
    label: "Observe",
    items: [
      { to: "/activity", label: "Activity", icon: Activity },
      { to: "/failed", label: "Failed", icon: CircleX },
      { to: "/analytics", label: "Analytics", icon: ChartColumn },
      { to: "/usage", label: "Usage", icon: Gauge },
      { to: "/audit-log", label: "Audit log", icon: ScrollText },
    ],
  },
  {
    label: "Settings",
    items: [{ to: "/settings/api-keys", label: "API keys", icon: KeyRound }],
  },
];

const ALL = NAVIGATION.flatMap((group) => group.items);
const AT_HAND = ["/", "/chat", "/gateways", "/plugins"];

/** What a phone has at the thumb, and what it has under "More". */
export const PRIMARY = ALL.filter((item) => AT_HAND.includes(item.to));
export const SECONDARY = ALL.filter((item) => !AT_HAND.includes(item.to));
