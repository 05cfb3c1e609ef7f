import type { BadgeTone } from "@/components/ui/badge";
import type { AuditEntry, AuditOutcome, Json } from "@/lib/api-types";
import { capabilityWords } from "@/lib/capability-words";
import { humanize, inSentence, plural } from "@/lib/format";

/** What the filter offers: areas in which something is recorded today. */
export const AREAS: Record<string, string> = {
  auth: "Signing in and out",
  account: "Accounts",
  workspace: "Workspace",
  tenant: "Done by operators",
  gateway: "Gateways",
  plugin: "Plugins",
  capability: "Not allowed to plugins",
  dead_letter: "What had failed",
  apikey: "API keys",
};

export const OUTCOMES: Record<AuditOutcome, { label: string; tone: BadgeTone }> = {
  success: { label: "Done", tone: "success" },
  denied: { label: "Not allowed", tone: "warning" },
  failure: { label: "Failed", tone: "danger" },
};

export interface AuditSentence {
  who: string;
  /** Goes on after who: "installed", "tried to sign in as". */
  did: string;
  /** What it was done to; stands out like who. */
  what: string;
  /** More, in a line of its own. */
  more: string;
}

/** An entry in plain words. */
export function auditSentence({ actor, action, target, outcome, detail }: AuditEntry): AuditSentence {
  const sentence = (did: string, what = target.name, more = ""): AuditSentence => ({
    who: actor.name,
    did,
    what,
    more,
  });
  const denied = outcome === "denied";
  switch (action) {
    case "auth.login":
      return outcome === "failure"
        ? { ...sentence("tried to sign in as", target.name, wrong(detail, "The password")), who: "Someone" }
        : sentence("signed in", "", detail.second_step === "recovery_code" ? "With a recovery code." : "");
    case "auth.logout":
      return sentence("signed out", "");
    case "auth.verify_email":
      return sentence("confirmed their e-mail address", "");
    case "auth.password_reset":
      return outcome === "failure"
        ? sentence("tried to change the password", "", "The present password was wrong.")
        : sentence("chose a new password", "");
    case "auth.two_factor_enable":
      return outcome === "failure"
        ? sentence("tried to turn two-factor sign-in on", "", "The password was wrong.")
        : sentence("turned two-factor sign-in on", "");
    case "auth.two_factor_disable":
      return outcome === "failure"
        ? sentence("tried to turn two-factor sign-in off", "", wrong(detail, "The password"))
        : actor.kind === "system"
          ? sentence("turned two-factor sign-in off for", target.name, "By the operator of this server.")
          : sentence("turned two-factor sign-in off", "");
    case "auth.recovery_codes":
      return outcome === "failure"
        ? sentence("tried to make new recovery codes", "", wrong(detail, "The password"))
        : sentence("made new recovery codes", "", "Those before are worth nothing now.");
    case "auth.session_revoke":
      return sentence("ended a session", "");
    case "auth.session_stolen":
      return {
        ...sentence("used a copied key to a session of", target.name, "The session was ended."),
        who: "Someone",
      };
    case "account.update":
      return sentence("changed their profile", "", changed(detail));
    case "account.export":
      return sentence("downloaded everything of the account of");
    case "account.close":
      return outcome === "failure"
        ? sentence("tried to delete the account of", target.name, "The password was wrong.")
        : sentence(
            "asked for the deletion of the account of",
            target.name,
            "It can be called off for 30 days.",
          );
    case "account.keep":
      return sentence("called off the deletion of the account of");
    case "account.join":
      return sentence("added to the account", target.name, `As ${text(detail.role)}.`);
    case "workspace.start":
      return sentence("started the workspace", "");
    case "workspace.stop":
      return sentence("stopped the workspace", "");
    case "tenant.suspend":
      return sentence("suspended the account of", target.name, `Reason: ${text(detail.reason)}`);
    case "tenant.resume":
      return sentence("let the account go on of");
    case "tenant.plan":
      return sentence("changed the plan of", target.name, `To ${humanize(text(detail.after))}.`);
    case "operator.grant":
      return sentence("made an operator of");
    case "operator.revoke":
      return sentence("took the rights of an operator from");
    case "operator.mail_retry":
      return sentence("let a mail be tried again:", humanize(target.name));
    case "gateway.create":
      return denied
        ? sentence("tried to add the gateway", target.name, "The plan allows no more gateways.")
        : sentence("added the gateway");
    case "gateway.update":
      return sentence("changed the gateway", target.name, changed(detail));
    case "gateway.delete":
      return sentence("deleted the gateway");
    case "gateway.connect":
      return sentence("switched on the gateway");
    case "gateway.disconnect":
      return sentence("switched off the gateway");
    case "plugin.install":
      return denied
        ? sentence("tried to install", target.name, "The plan allows no more plugins.")
        : sentence("installed", target.name, allowed(detail.granted));
    case "plugin.uninstall":
      return sentence("uninstalled", target.name, "Its settings and data were deleted.");
    case "plugin.enable":
      return denied
        ? sentence("tried to enable", target.name, "It asks for more than was decided on.")
        : sentence("enabled");
    case "plugin.disable":
      return actor.kind === "system"
        ? sentence("paused", target.name, paused(detail.reason))
        : sentence("disabled");
    case "plugin.configure":
      return detail.gateways === undefined
        ? sentence("changed settings of", target.name, changed(detail))
        : sentence("chose the gateways of");
    case "plugin.grant":
      return sentence("decided what may be done by", target.name, decided(detail));
    case "dead_letter.retry":
      return sentence("ran again", failed(target, detail));
    case "dead_letter.edit":
      return sentence("corrected and ran again", failed(target, detail));
    case "dead_letter.discard":
      return sentence("discarded", failed(target, detail));
    case "apikey.create":
      return denied
        ? sentence("tried to make the API key", target.name, "The plan allows no more keys.")
        : sentence("made the API key", target.name, inSentence(texts(detail.scopes)));
    case "apikey.update":
      return sentence("renamed an API key to");
    case "apikey.rotate":
      return sentence("gave a new secret to the API key");
    case "apikey.revoke":
      return sentence("revoked the API key");
    case "capability.denied":
      return sentence(
        "was not allowed to",
        lower(capabilityWords(target.id).title),
        inSentence([
          ...(target.name === target.id ? [] : [target.name]),
          ...(typeof detail.count === "number" && detail.count > 1
            ? [`tried ${plural(detail.count, "time")} in one run`]
            : []),
        ]),
      );
    default:
      return sentence(`${lower(humanize(action))}:`);
  }
}

/** What had failed, of which the log knows the kind and the plugin, or how many it were. */
function failed({ kind, name }: AuditEntry["target"], { count }: AuditEntry["detail"]): string {
  if (kind === "dead_letters")
    return plural(typeof count === "number" ? count : 0, "thing") + " that had failed";
  if (kind === "delivery") return "a delivery that was not understood";
  return kind === "effect" ? `what ${name} could not send` : `a failed run of ${name}`;
}

/** What was wrong: the code, where it came to that, or what was asked for before. */
const wrong = (detail: AuditEntry["detail"], otherwise: string) =>
  detail.step === "code" ? "The code was wrong." : `${otherwise} was wrong.`;
const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");

const texts = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];

const lower = (text: string) => (text.startsWith("AI") ? text : text.charAt(0).toLowerCase() + text.slice(1));

const abilities = (value: Json | undefined, last?: "and" | "or") =>
  inSentence(
    texts(value).map((one) => lower(capabilityWords(one).title)),
    last,
  );

function allowed(granted: Json | undefined): string {
  const list = abilities(granted);
  return list ? `It may ${list}.` : "It was allowed nothing.";
}

function decided(detail: AuditEntry["detail"]): string {
  const refused = abilities(detail.refused, "or");
  return refused ? `${allowed(detail.granted)} It may not ${refused}.` : allowed(detail.granted);
}

function changed(detail: AuditEntry["detail"]): string {
  const parts = [
    ...(detail.name === true ? ["its name"] : []),
    ...(detail.credentials === true ? ["its credentials"] : []),
    ...texts(detail.settings).map((name) => `“${humanize(name)}”`),
  ];
  return parts.length > 0 ? `Changed: ${inSentence(parts)}.` : "";
}

function paused(reason: Json | undefined): string {
  if (reason === "permissions_needed")
    return "Its new version asks for more. It is off until that is decided.";
  if (reason === "plugin_paused") return "It failed again and again.";
  return "";
}
