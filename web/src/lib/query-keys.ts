/** The roots of all query keys, so that live updates can invalidate what they concern without knowing the features. */
export const queryKeys = {
  me: ["me"],
  workspace: ["workspace"],
  usage: ["usage"],
  gateways: ["gateways"],
  gatewayKinds: ["gateway-kinds"],
  plugins: ["plugins"],
  installs: ["installs"],
  executions: ["executions"],
  deadLetters: ["dead-letters"],
  conversations: ["conversations"],
  messages: ["messages"],
  analytics: ["analytics"],
  notifications: ["notifications"],
  auditLog: ["audit-log"],
  sessions: ["sessions"],
  apiKeys: ["api-keys"],
} as const;
