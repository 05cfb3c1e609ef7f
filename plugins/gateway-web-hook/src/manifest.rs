//! What this kind of gateway is.

use twobot::prelude::*;

const DESCRIPTION: &str = "\
Connects any service that can send JSON to an address, or take it: GitHub, a shop, a form, a program of your own.

**To receive**, choose how senders prove who they are, press *Generate* for the secret (or enter the one that the service shows you), \
and copy it: it is shown only now. After saving, the gateway's page shows the address to enter at the service.

| Verification | Choose it for | What the sender does |
|---|---|---|
| `standard` | services that follow Standard Webhooks, and your own programs | signs id, time and body; a recorded request is useless after five minutes |
| `hmac` | GitHub, Gitea, Shopify and many others | sends the HMAC-SHA256 of the body in a header, in hexadecimal digits or base64 |
| `token` | services that can only send a fixed text | sends `Authorization: Bearer …`, or the token in a header of your choice |

Each JSON document becomes one event, which plugins see as a *provider* event. Where the sender names its deliveries (`webhook-id`, \
`Idempotency-Key`, `X-GitHub-Delivery`, …), repeats are dropped.

**To send**, enter an address and a *signing secret*, and give the same secret to the receiver. What plugins send goes there as JSON, signed \
as Standard Webhooks say; libraries that check this exist for every language. What fails for the moment is tried again, always with the same \
`webhook-id`, so a receiver should drop ids that it knows.

While you replace a secret of Standard Webhooks, enter the new and the old one with a space between them.";

pub(crate) fn manifest() -> GatewayManifest {
    GatewayManifest::new("web-hook", "Web hook", env!("CARGO_PKG_VERSION"), "web-hook")
        .summary("Receive JSON from any service at an address of your own, and deliver signed JSON to another.")
        .description(DESCRIPTION)
        .ingress([Ingress::Webhook])
        .features([Feature::Actions])
        // Each delivery carries its key as `webhook-id`, by which receivers drop repeats: that is what Standard Webhooks ask of them.
        .when_unknown(WhenUnknown::Repeat, [GatewayCall::SendMessage, GatewayCall::Provider])
        .credentials_schema(json!({
            "type": "object",
            "properties": {
                "secret": {
                    "type": "string",
                    "title": "Secret for receiving",
                    "description": "What senders sign with, or their token. For standard it begins with whsec_. Copy it before you save.",
                    "minLength": 16,
                    "maxLength": 1500,
                    "writeOnly": true,
                    "x-generate": "whsec"
                },
                "signing_secret": {
                    "type": "string",
                    "title": "Signing secret for sending",
                    "description": "Only needed with an address to send to, whose owner needs it to check what comes from you.",
                    "pattern": "^(whsec_[A-Za-z0-9+/=]{22,400}( whsec_[A-Za-z0-9+/=]{22,400}){0,3})?$",
                    "maxLength": 1700,
                    "writeOnly": true,
                    "x-generate": "whsec"
                }
            },
            "required": ["secret"],
            "additionalProperties": false
        }))
        .config_schema(json!({
            "type": "object",
            "properties": {
                "verification": {
                    "type": "string",
                    "title": "How senders prove who they are",
                    "description": "standard: Standard Webhooks. hmac: a signature of the body, as GitHub's. token: a fixed text.",
                    "enum": ["standard", "hmac", "token"],
                    "default": "standard"
                },
                "header": {
                    "type": "string",
                    "title": "Header",
                    "description": "Where the signature of hmac or the token stands. Left empty: X-Hub-Signature-256 for hmac, Authorization: Bearer for token.",
                    "pattern": "^[A-Za-z0-9-]*$",
                    "maxLength": 100
                },
                "url": {
                    "type": "string",
                    "title": "Address to send to",
                    "description": "Where messages and documents of plugins go, such as https://example.org/hooks/2bot. Left empty: nowhere.",
                    "pattern": "^(https?://.*)?$",
                    "maxLength": 2000
                }
            },
            "additionalProperties": false
        }))
}
