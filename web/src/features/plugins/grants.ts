import type { Capability, Install } from "@/lib/api-types";

/** What an install may do: what was granted of what this version asks for, in the plugin's own order. */
export const grantedNow = ({ plugin, grants }: Install): Capability[] =>
  plugin.capabilities.filter((capability) => grants.includes(capability));

/** The same, and what it asks for besides. */
export const grantedWithNews = ({ plugin, grants, undecided }: Install): Capability[] =>
  plugin.capabilities.filter((one) => grants.includes(one) || undecided.includes(one));
