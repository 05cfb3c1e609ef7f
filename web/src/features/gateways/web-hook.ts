import type { Gateway, GatewayKind } from "@/lib/api-types";

/** Whether a person has to tell the senders where to deliver: there is no other way in, and no provider that we could tell. */
export const isAddressedByPeople = (kind: GatewayKind): boolean =>
  kind.ingress.length === 1 && kind.ingress[0] === "webhook";

/** Where senders deliver: the operator's address, or the one under which this page was opened. */
export function webhookAddress(gateway: Gateway, origin: string): string | null {
  if (gateway.webhook_url) return gateway.webhook_url;
  return gateway.webhook_path ? new URL(gateway.webhook_path, origin).href : null;
}

const DOCUMENT = '{"type":"test"}';
const SECRET = "YOUR_SECRET";

/** A line for a shell that delivers a document in the way that the gateway believes. */
export function curlLine(address: string, config: Gateway["config"]): string {
  const header = typeof config.header === "string" ? config.header : "";
  const post = `curl '${address}' -H 'Content-Type: application/json'`;
  switch (config.verification) {
    case "token": {
      const token = header ? `${header}: ${SECRET}` : `Authorization: Bearer ${SECRET}`;
      return `${post} -H '${token}' -d '${DOCUMENT}'`;
    }
    case "hmac": {
      const digest = `$(printf %s "$body" | openssl dgst -sha256 -hmac '${SECRET}' -r | cut -d' ' -f1)`;
      return `body='${DOCUMENT}'; ${post} -H "${header || "X-Hub-Signature-256"}: sha256=${digest}" -d "$body"`;
    }
    default:
      return [
        `body='${DOCUMENT}'; time=$(date +%s); id="msg_$time"`,
        `key=$(printf %s '${SECRET}' | sed 's/^whsec_//' | base64 -d | od -An -tx1 | tr -d ' \\n')`,
        `sign=$(printf %s "$id.$time.$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)`,
        `${post} -H "webhook-id: $id" -H "webhook-timestamp: $time" -H "webhook-signature: v1,$sign" -d "$body"`,
      ].join("; ");
  }
}
