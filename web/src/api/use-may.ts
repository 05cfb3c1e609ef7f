import { useMe } from "@/api/get-me";

/** What the role of who is signed in allows. The API decides it; here is only what to offer. */
export function useMay() {
  const { user, operator } = useMe();
  return {
    /** Change gateways, plugins, the workspace and API keys. */
    manage: user.role !== "member",
    /** Take everything along, and end the account. */
    own: user.role === "owner",
    /** Look after the whole server. */
    operate: operator,
  };
}
