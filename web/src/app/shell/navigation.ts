import {
  Activity,
  Blocks,
  Building2,
  ChartColumn,
  CircleX,
  Gauge,
  LayoutDashboard,
  Mails,
  MessagesSquare,
  Plug,
  ScrollText,
  Settings,
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
    | "/settings"
    | "/operators/tenants"
    | "/operators/outbox";
  label: string;
  icon: LucideIcon;
  /** Who sees it, where not everybody does. */
  only?: "manage" | "operate";
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
      { to: "/audit-log", label: "Audit log", icon: ScrollText, only: "manage" },
    ],
  },
  {
    label: null,
    // One entry, and what is in it as tabs on its pages: a newcomer looks for this word, not for one of its parts.
    items: [{ to: "/settings", label: "Settings", icon: Settings }],
  },
  {
    label: "Operators",
    items: [
      { to: "/operators/tenants", label: "Tenants", icon: Building2, only: "operate" },
      { to: "/operators/outbox", label: "Outbox", icon: Mails, only: "operate" },
    ],
  },
];

/** The pages that somebody sees, and the groups in which any is left. */
export function navigationOf(may: { manage: boolean; operate: boolean }): NavigationGroup[] {
  return NAVIGATION.map((group) => ({
    ...group,
    items: group.items.filter((item) => !item.only || may[item.only]),
  })).filter((group) => group.items.length > 0);
}

const AT_HAND = ["/", "/chat", "/gateways", "/plugins"];

/** Whether a phone has a page at the thumb, and not under "More". */
export const isAtHand = (item: NavigationItem): boolean => AT_HAND.includes(item.to);
