/**
 * Types only, checked by `tsc`: the shapes that the dashboard is written against (`src/lib/api-types.ts`) have the fields that
 * the API's own document names. When one of these lines turns red, the API has changed: look at what it now says, and follow.
 */
import type { components } from "@/api/schema";
import type * as Ours from "@/lib/api-types";

type Theirs = components["schemas"];
type SameFields<Left, Right> = [Exclude<keyof Left, keyof Right>, Exclude<keyof Right, keyof Left>] extends [
  never,
  never,
]
  ? true
  : { missing: Exclude<keyof Right, keyof Left>; surplus: Exclude<keyof Left, keyof Right> };
type Assert<Check extends true> = Check;

export type Checked = [
  Assert<SameFields<Ours.Problem, Theirs["Problem"]>>,
  Assert<SameFields<Ours.FieldProblem, Theirs["FieldProblem"]>>,
  Assert<SameFields<Ours.Trouble, Theirs["Trouble"]>>,
  Assert<SameFields<Ours.LimitHit, Theirs["LimitHit"]>>,
  Assert<SameFields<Ours.User, Theirs["User"]>>,
  Assert<SameFields<Ours.Me, Theirs["Me"]>>,
  Assert<SameFields<Ours.Me["tenant"], Theirs["Tenant"]>>,
  Assert<SameFields<Ours.Profile, Theirs["Profile"]>>,
  Assert<SameFields<Ours.Profile["mails"], Theirs["Mails"]>>,
  Assert<SameFields<Ours.SignedIn, Theirs["SignedIn"]>>,
  Assert<SameFields<Ours.AuthSession, Theirs["AuthSession"]>>,
  Assert<SameFields<Ours.Workspace, Theirs["Workspace"]>>,
  Assert<SameFields<Ours.Workspace["plan"], Theirs["Plan"]>>,
  Assert<SameFields<Ours.Limits, Theirs["Limits"]>>,
  Assert<SameFields<Ours.ApiKey, Theirs["ApiKey"]>>,
  Assert<SameFields<Ours.ApiKeyWithSecret, Theirs["ApiKeyWithSecret"]>>,
  Assert<SameFields<Ours.TenantSummary, Theirs["TenantSummary"]>>,
  Assert<SameFields<Ours.TenantPerson, Theirs["TenantPerson"]>>,
  Assert<SameFields<Ours.TenantDetail, Theirs["TenantDetail"]>>,
  Assert<SameFields<Ours.AuditCheck, Theirs["AuditCheck"]>>,
  Assert<SameFields<Ours.MailSummary, Theirs["MailSummary"]>>,
  Assert<SameFields<Ours.MailDetail, Theirs["MailDetail"]>>,
  Assert<SameFields<Ours.UsageFigures, Theirs["Usage"]>>,
  Assert<SameFields<Ours.UsageReport, Theirs["UsageReport"]>>,
  Assert<SameFields<Ours.GatewayKind, Theirs["GatewayKind"]>>,
  Assert<SameFields<Ours.Gateway, Theirs["Gateway"]>>,
  Assert<SameFields<Ours.InboundDelivery, Theirs["InboundDelivery"]>>,
  Assert<SameFields<Ours.OutboundDelivery, Theirs["OutboundDelivery"]>>,
  Assert<SameFields<Ours.Account, Theirs["Account"]>>,
  Assert<SameFields<Ours.GatewayTest, Theirs["GatewayTest"]>>,
  Assert<SameFields<Ours.GatewaySlot, Theirs["GatewaySlot"]>>,
  Assert<SameFields<Ours.PluginAction, Theirs["Action"]>>,
  Assert<SameFields<Ours.Plugin, Theirs["Plugin"]>>,
  Assert<SameFields<Ours.BoundGateway, Theirs["BoundGateway"]>>,
  Assert<SameFields<Ours.Install, Theirs["Install"]>>,
  Assert<SameFields<Ours.Install["stats"], Theirs["Stats"]>>,
  Assert<SameFields<Ours.ActionResult, Theirs["ActionResult"]>>,
  Assert<SameFields<Ours.Execution, Theirs["Execution"]>>,
  Assert<SameFields<Ours.ExecutionDetail, Theirs["ExecutionDetail"]>>,
  Assert<SameFields<Ours.ExecutionLog, Theirs["ExecutionLog"]>>,
  Assert<SameFields<Ours.Effect, Theirs["Effect"]>>,
  Assert<SameFields<Ours.UnknownCall, Theirs["UnknownCall"]>>,
  Assert<SameFields<Ours.DeadLetter, Theirs["DeadLetter"]>>,
  Assert<SameFields<Ours.DeadLetterDetail, Theirs["DeadLetterDetail"]>>,
  Assert<SameFields<Ours.DeadLetterCount, Theirs["DeadLetterCount"]>>,
  Assert<SameFields<Ours.JournalCall, Theirs["JournalCall"]>>,
  Assert<SameFields<Ours.RetryResult, Theirs["RetryResult"]>>,
  Assert<SameFields<Ours.BatchResult, Theirs["BatchResult"]>>,
  Assert<SameFields<Ours.Replay, Theirs["Replay"]>>,
  Assert<SameFields<Ours.Replay["calls"][number], Theirs["Call"]>>,
  Assert<SameFields<Ours.Ending, Theirs["Ending"]>>,
  Assert<SameFields<Ours.Deed, Theirs["Deed"]>>,
  Assert<SameFields<Ours.Difference, Theirs["Difference"]>>,
  Assert<SameFields<Ours.ChatButton, Theirs["ChatButton"]>>,
  Assert<SameFields<Ours.ChatMessage, Theirs["ChatMessage"]>>,
  Assert<SameFields<Ours.Conversation, Theirs["Conversation"]>>,
  Assert<SameFields<Ours.ReportResult, Theirs["ReportResult"]>>,
  Assert<SameFields<Ours.Notification, Theirs["Notification"]>>,
  Assert<SameFields<Ours.AuditEntry, Theirs["AuditEntry"]>>,
  Assert<SameFields<Ours.AuditEntry["actor"], Theirs["Actor"]>>,
  Assert<SameFields<Ours.AuditEntry["target"], Theirs["Target"]>>,
];
