/**
 * The shapes of the REST API, in one place. Everything in the dashboard imports them from here, so that a generated
 * document (`npm run api-types` writes `src/api/schema.d.ts`) can take their place in this one file.
 */

/** RFC 3339, UTC. */
export type Timestamp = string;
/** A calendar day, `YYYY-MM-DD`, UTC. */
export type Day = string;
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = Record<string, Json>;

/** One page of a list. */
export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** RFC 9457, as the API fills it. */
export interface Problem {
  type?: string;
  title: string;
  status: number;
  code: string;
  detail?: string;
  request_id?: string;
  errors?: FieldProblem[];
  /** What to do about it, where there is more to say than the detail does. */
  advice?: string;
  /** The limit that was reached, if it was one. */
  limit?: string;
  plan?: string;
  allowed?: number;
  used?: number;
  unit?: string;
}

export interface FieldProblem {
  /** Such as `credentials.token`. */
  field: string;
  message: string;
}

export interface LimitHit {
  name: string;
  used: number;
  allowed: number;
  unit: string;
}

/** What happened, and what to do about it. */
export interface Trouble {
  code: string;
  title: string;
  detail: string;
  advice: string;
  since: Timestamp;
  limit?: LimitHit | null;
}

export interface User {
  id: string;
  email: string;
  name: string;
  role: "owner" | "admin" | "member";
  created_at: Timestamp;
  /** Whether they have shown that the address is theirs. */
  email_verified: boolean;
}

export interface PlanName {
  id: string;
  name: string;
}

export interface Me {
  user: User;
  /** Whether they look after the whole server. */
  operator: boolean;
  /** As in which dates and numbers are written: a BCP 47 tag. */
  language: string;
  /** In which times are shown; null for that of the browser. */
  time_zone: string | null;
  tenant: { id: string; name: string; plan: PlanName; closes_at: string | null };
}

/** A person, and what they chose for themself. */
export interface Profile extends User {
  /** A language tag (BCP 47). */
  language: string;
  time_zone: string | null;
  /** Of what a mail tells them besides the dashboard. */
  mails: { limits: boolean; gateways: boolean; security: boolean };
}

/** For programs. The dashboard has the same in cookies, which no script can read. */
export interface SignedIn {
  user: User;
  token: string;
  expires_in: number;
  refresh_token: string;
}

/** A right password where two-factor sign-in is on: nobody is signed in yet. */
export interface LoginChallenge {
  two_factor_required: true;
  /** Goes with a code. */
  challenge: string;
  expires_at: Timestamp;
}

/** Whether signing in takes a code besides the password. */
export interface TwoFactor {
  enabled: boolean;
  enabled_at: Timestamp | null;
  recovery_codes_left: number;
}

/** What an authenticator is given. */
export interface TwoFactorSetup {
  /** In base 32, to type it. */
  secret: string;
  /** The same, for a QR code. */
  otpauth_uri: string;
}

export interface RecoveryCodes {
  recovery_codes: string[];
}

/** Where an account is signed in. */
export interface AuthSession {
  id: string;
  /** The kind of program, such as `Firefox on Linux`. */
  device: string;
  /** The part of the network address that many share. */
  network: string;
  created_at: Timestamp;
  last_used_at: Timestamp;
  expires_at: Timestamp;
  /** Whether it is the one that asks. */
  current: boolean;
}

export interface Workspace {
  state: "running" | "stopped" | "suspended";
  plan: PlanName & { price_cents: number; limits: Limits };
  counts: { gateways: number; plugins: number; waiting_events: number };
  storage_bytes: number;
}

/** What a plan allows. Null does not bind. */
export interface Limits {
  gateways: number | null;
  plugins: number | null;
  workflows: number | null;
  executions_per_day: number | null;
  workflow_runs_per_day: number | null;
  ai_tokens_per_month: number | null;
  storage_bytes: number;
  plugin_storage_bytes: number;
  plugin_storage_keys: number;
  waiting_events: number;
  memory_bytes: number;
  plugin_memory_bytes: number;
  gateway_memory_bytes: number;
  vcpu: number;
  fuel_per_execution: number;
  handler_seconds: number;
  execution_seconds: number;
  history_days: number;
  sleep_after_minutes: number | null;
  sessions: number | null;
  api_keys: number | null;
}

/** What an API key may do. */
export type ApiScope =
  | "read:gateways"
  | "read:plugins"
  | "read:services"
  | "read:analytics"
  | "write:gateways"
  | "write:plugins"
  | "write:services"
  | "execute:services"
  | "execute:plugins";

export interface ApiKey {
  id: string;
  name: string;
  /** What its token begins with. */
  prefix: string;
  scopes: ApiScope[];
  expired: boolean;
  created_at: Timestamp;
  expires_at: Timestamp | null;
  rotated_at: Timestamp | null;
  /** Until when the secret before a rotation still holds. */
  old_secret_until: Timestamp | null;
  /** To the minute. */
  last_used_at: Timestamp | null;
  /** The version: what a change sends back. */
  etag: string;
}

/** The token is shown this once. */
export interface ApiKeyWithSecret {
  key: ApiKey;
  token: string;
}

export interface UsageFigures {
  executions: number;
  failed_executions: number;
  messages_in: number;
  messages_out: number;
  fuel: number;
  peak_memory_bytes: number;
  wall_ms: number;
  ai_tokens_in: number;
  ai_tokens_out: number;
  http_requests: number;
  http_bytes_in: number;
  http_bytes_out: number;
}

export interface UsageReport {
  from: Day;
  to: Day;
  totals: UsageFigures;
  /** How finely `periods` tells it. */
  resolution: "minute" | "hour" | "day";
  days: (UsageFigures & { date: Day })[];
  periods: (UsageFigures & { at: string })[];
  limits: Limits;
}

/** A JSON Schema (2020-12), as far as forms look into it. */
export interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string | string[];
  title?: string;
  description?: string;
  default?: Json;
  examples?: Json[];
  const?: Json;
  enum?: Json[];
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  allOf?: JsonSchema[];
  if?: JsonSchema;
  then?: JsonSchema;
  else?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema | boolean;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  writeOnly?: boolean;
  readOnly?: boolean;
  /** Our own: a secret of this form can be made by chance, in the browser. */
  "x-generate"?: "whsec";
  deprecated?: boolean;
}

export interface GatewayKind {
  kind: string;
  name: string;
  summary: string;
  description: string;
  version: string;
  ingress: ("polling" | "webhook" | "internal")[];
  features: ("actions" | "ai-chat")[];
  credentials_schema: JsonSchema;
  config_schema: JsonSchema;
}

export type GatewayStatus = "disconnected" | "connecting" | "connected" | "error";

export interface Account {
  id: string;
  name: string;
  details: Record<string, string>;
}

export interface Gateway {
  id: string;
  kind: string;
  name: string;
  config: JsonObject;
  has_credentials: boolean;
  status: GatewayStatus;
  status_reason: Trouble | null;
  account: Account | null;
  webhook_url: string | null;
  webhook_path: string | null;
  enabled: boolean;
  last_event_at: Timestamp | null;
  counts: { accepted: number; refused: number; duplicates: number; not_handled: number };
  created_at: Timestamp;
  updated_at: Timestamp;
  /** The version: what a change sends back. */
  etag: string;
}

export interface InboundDelivery {
  id: string;
  provider_id: string;
  state: "waiting" | "running" | "decoded" | "not_handled" | "failed";
  note: string | null;
  received_at: Timestamp;
  beginning: string;
  runs: number;
  execution_id: string | null;
}

export interface OutboundDelivery {
  id: string;
  execution_id: string;
  message_id: string;
  state: "delivered" | "waiting" | "failed";
  attempts: number;
  status: number | null;
  answer: string;
  problem: string | null;
  took_ms: number;
  created_at: Timestamp;
  tried_at: Timestamp;
}

export interface GatewayTest {
  ok: boolean;
  account: Account | null;
  trouble: Trouble | null;
  took_ms: number;
}

/** `storage`, `send`, …, or `http:` and the hosts that may be called. */
export type Capability = string;

export interface GatewaySlot {
  name: string;
  title: string;
  kinds: string[];
  required: boolean;
}

export interface PluginAction {
  name: string;
  title: string;
  description: string;
  kind: "report" | "command";
  input_schema: JsonSchema;
}

export interface Plugin {
  slug: string;
  name: string;
  version: string;
  summary: string;
  description: string;
  author: string;
  category: string;
  capabilities: Capability[];
  subscriptions: string[];
  gateway_slots: GatewaySlot[];
  schedules: { name: string; cron: string; time_zone: string }[];
  actions: PluginAction[];
  config_schema: JsonSchema;
  default_config: JsonObject;
  installed: boolean;
  digest: string;
}

export interface BoundGateway {
  id: string;
  name: string;
  kind: string;
}

export interface Install {
  id: string;
  plugin: Plugin;
  version: string;
  state: "enabled" | "disabled" | "paused";
  state_reason: Trouble | null;
  config: JsonObject;
  grants: Capability[];
  /** What it asks for that was not decided on yet. */
  undecided: Capability[];
  gateways: Record<string, BoundGateway[]>;
  stats: { executions_24h: number; failures_24h: number; last_execution_at: Timestamp | null };
  created_at: Timestamp;
  updated_at: Timestamp;
  /** The version: what a change sends back. */
  etag: string;
}

export interface ActionResult {
  output: Json;
  execution_id: string;
}

export type ExecutionState = "waiting" | "running" | "succeeded" | "failed";

export interface Execution {
  id: string;
  plugin: { slug: string; name: string } | null;
  gateway: { id: string; name: string } | null;
  event_kind: string;
  trigger: "event" | "schedule" | "action";
  state: ExecutionState;
  attempt: number;
  trouble: Trouble | null;
  /** Whose doing a failure was, and whether it is tried again by itself. */
  failure: { fault: "plugin" | "platform" | "workspace"; retry: "scheduled" | "given_up" | "none" } | null;
  /** It was given up and waits for a person's decision. */
  is_dead_letter: boolean;
  /** The execution in whose place it ran, with another payload. */
  retry_of: string | null;
  fuel: number;
  peak_memory_bytes: number;
  wall_ms: number;
  created_at: Timestamp;
  finished_at: Timestamp | null;
}

export interface ExecutionLog {
  at: Timestamp;
  level: string;
  message: string;
  fields: Record<string, string>;
}

export interface Effect {
  id: string;
  kind: string;
  gateway: { id: string; name: string };
  state: "waiting" | "sent" | "failed";
  attempts: number;
  /** How often it may have been done beyond the first time. */
  repeats: number;
  error: Trouble | null;
  at: Timestamp;
}

/** A call of which it is not known whether it was carried out: the platform was interrupted, and the run went another way. */
export interface UnknownCall {
  error: Trouble;
  at: Timestamp;
}

export interface ExecutionDetail extends Execution {
  logs: ExecutionLog[];
  effects: Effect[];
  unknown_calls: UnknownCall[];
  event: { id: string; kind: string; occurred_at: Timestamp; summary: string } | null;
}

/** What was given up: a run of a plugin, a delivery that was not understood, or something that could not be sent. */
export type DeadLetterKind = "execution" | "delivery" | "effect";

/** Something that was given up and waits for a person's decision. */
export interface DeadLetter {
  id: string;
  kind: DeadLetterKind;
  /** Null for deliveries. */
  plugin: { slug: string; name: string } | null;
  gateway: { id: string; name: string } | null;
  /** The event's kind or the action's name; `delivery` for deliveries. */
  what: string;
  reason: Trouble;
  failure: Execution["failure"];
  attempts: number;
  /** The run, or the one that asked for the effect; null for deliveries. */
  execution_id: string | null;
  created_at: Timestamp;
  failed_at: Timestamp;
}

/** A call that a plugin waited for. */
export interface JournalCall {
  request: Json;
  is_answered: boolean;
  answer: Json;
  answer_bytes: number;
}

export interface DeadLetterDetail extends DeadLetter {
  /** Null where it is no longer there. */
  payload: Json;
  logs: ExecutionLog[];
  journal: JournalCall[];
  effects: Effect[];
}

export interface DeadLetterCount {
  count: number;
  /** There are more than were counted. */
  more: boolean;
}

/** What became of a dead letter that is run again: the same, or the new one with another payload. */
export interface RetryResult {
  id: string;
  kind: DeadLetterKind;
}

export interface BatchResult {
  changed: number;
  skipped: number;
  more: boolean;
}

/** How a run ended. */
export interface Ending {
  state: string;
  trouble: Trouble | null;
}

/** Something that a run would do. */
export interface Deed {
  /** `write`, `effect`, `notification` or `appointment`. */
  kind: string;
  to: string;
  what: string;
  content: string | null;
}

/** Something that is other than it was then. */
export interface Difference {
  kind: string;
  /** A place in the order from 1, or a key. */
  at: string;
  recorded: string | null;
  replayed: string | null;
}

/** With which version of its plugin a run is replayed. */
export type ReplayComponent = "recorded" | "current";

/** What a replay came to. */
export interface Replay {
  execution_id: string;
  plugin: string;
  version: string;
  event_kind: string;
  recorded_digest: string;
  digest: string;
  recorded: Ending;
  replayed: Ending;
  output: Json;
  logs: ExecutionLog[];
  would_do: Deed[];
  calls: { request: Json; answer: string }[];
  denied: string[];
  differences: Difference[];
  not_reproduced: string[];
  fuel: number;
  peak_memory_bytes: number;
}

export interface ChatButton {
  text: string;
  data: string | null;
  url: string | null;
}

export interface ChatMessage {
  id: string;
  conversation_id: string;
  author: "person" | "bot" | "system";
  author_name: string;
  text: string;
  format: "plain" | "markdown" | "html";
  buttons: ChatButton[][];
  reply_to: string | null;
  edited_at: Timestamp | null;
  trouble: Trouble | null;
  sent_at: Timestamp;
}

export interface Conversation {
  id: string;
  gateway_id: string;
  title: string;
  last_message: ChatMessage | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface ReportResult {
  plugin: { slug: string; name: string };
  action: string;
  title: string;
  output: Json;
  trouble: Trouble | null;
}

export interface Notification {
  id: string;
  severity: "info" | "warning" | "problem";
  title: string;
  text: string;
  plugin: { slug: string; name: string } | null;
  read: boolean;
  created_at: Timestamp;
}

export type AuditOutcome = "success" | "denied" | "failure";

/** Something that was done, or was not allowed. */
export interface AuditEntry {
  id: string;
  at: Timestamp;
  actor: { kind: "user" | "plugin" | "system"; id: string | null; name: string };
  /** An area, a dot, and a verb. */
  action: string;
  target: { kind: string; id: string; name: string };
  outcome: AuditOutcome;
  detail: JsonObject;
  request_id: string | null;
  address: string | null;
}

/** A tenant, as operators see it in the list. */
export interface TenantSummary {
  id: string;
  name: string;
  /** The address of its owner. */
  owner: string | null;
  people: number;
  plan: PlanName;
  state: Workspace["state"];
  created_at: Timestamp;
  closes_at: Timestamp | null;
  suspended_at: Timestamp | null;
}

export interface TenantPerson {
  id: string;
  email: string;
  name: string;
  role: User["role"];
  operator: boolean;
  email_verified: boolean;
  created_at: Timestamp;
}

/** A tenant, as operators see it: nothing of what it keeps. */
export interface TenantDetail {
  id: string;
  name: string;
  state: Workspace["state"];
  plan: Workspace["plan"];
  people: TenantPerson[];
  counts: Workspace["counts"];
  storage_bytes: number;
  /** What it used this day, in UTC. */
  today: UsageFigures;
  created_at: Timestamp;
  closes_at: Timestamp | null;
  suspended_at: Timestamp | null;
  /** In an operator's words. */
  suspended_for: string | null;
}

/** What a check of an audit log found. */
export interface AuditCheck {
  /** Rows that are no longer kept. */
  removed: number;
  /** Rows that are sound, from the first that is kept. */
  sound: number;
  /** The first row that is not, from 1. */
  broken_at: number | null;
  fault: string | null;
}

export type MailState = "waiting" | "sent" | "shown" | "failed";

/** A mail of the outbox. */
export interface MailSummary {
  id: string;
  to: string;
  kind: string;
  state: MailState;
  attempts: number;
  /** What went wrong the last time. */
  trouble: string | null;
  created_at: Timestamp;
}

/** The same with what it says; null where that is not shown. */
export interface MailDetail extends MailSummary {
  subject: string | null;
  text: string | null;
}
