import {
  Bell,
  CalendarClock,
  Database,
  FolderClosed,
  Globe,
  Send,
  Sparkles,
  type LucideIcon,
} from "lucide-react";
import type { Capability } from "@/lib/api-types";
import { humanize } from "@/lib/format";

export interface CapabilityWords {
  icon: LucideIcon;
  title: string;
  text: string;
}

const CAPABILITIES: Record<string, CapabilityWords> = {
  storage: {
    icon: Database,
    title: "Keep data of its own",
    text: "Only this plugin can read it, and it is deleted when you uninstall.",
  },
  send: {
    icon: Send,
    title: "Send messages",
    text: "Only through the gateways that you choose.",
  },
  ai: {
    icon: Sparkles,
    title: "Ask AI",
    text: "Through the AI gateway that you choose. Tokens count against your plan.",
  },
  notify: {
    icon: Bell,
    title: "Notify you",
    text: "Its notices appear under the bell of this dashboard.",
  },
  directory: {
    icon: FolderClosed,
    title: "Keep files of its own",
    text: "In a folder that only this plugin can reach, of limited size. It is deleted when you uninstall.",
  },
  schedule: {
    icon: CalendarClock,
    title: "Wake up by itself",
    text: "At times that it sets, not only when something arrives.",
  },
};

/** What a capability means, in plain words. One that we do not know yet keeps its name: it must not be hidden. */
export function capabilityWords(capability: Capability): CapabilityWords {
  if (capability.startsWith("http:")) return httpWords(capability.slice("http:".length));
  const known = CAPABILITIES[capability];
  return (
    known ?? {
      icon: Sparkles,
      title: humanize(capability),
      text: "A newer ability than this dashboard knows.",
    }
  );
}

function httpWords(hosts: string): CapabilityWords {
  const everywhere = hosts === "*" || hosts.startsWith("*:");
  return {
    icon: Globe,
    title: everywhere ? "Call any website" : `Call ${hosts.replace(/^\*\./, "any host below ")}`,
    text: everywhere
      ? "It may send what it sees anywhere. Grant it only to a plugin that you trust."
      : "Over HTTP. What it sees of your conversations may go there.",
  };
}
