-- When its owner showed that the address is theirs; null until then. Accounts from before are taken at their word.
ALTER TABLE users ADD COLUMN email_verified_at BIGINT;
UPDATE users SET email_verified_at = created_at;

-- What lets someone in a mail confirm an address or choose a new password. The token itself is never stored, only its SHA-256.
CREATE TABLE account_tokens (
    id          UUID PRIMARY KEY NOT NULL,
    tenant_id   UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id     UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose     TEXT NOT NULL CHECK (purpose IN ('verify', 'reset')),
    token_hash  BYTEA NOT NULL UNIQUE,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX account_tokens_tenant ON account_tokens (tenant_id);
CREATE INDEX account_tokens_user ON account_tokens (user_id, purpose);
CREATE INDEX account_tokens_expiry ON account_tokens (expires_at);

-- The outbox: mails that wait to be sent, and what became of those before. A row is written in the transaction of what causes it.
-- content is an AES-256-GCM envelope, since some mails carry a token; it goes when the mail is sent or given up.
-- due_at of what waits: when it is tried next, and while it is tried, when another may try it. Of what is done: when that was.
CREATE TABLE mails (
    id          UUID PRIMARY KEY NOT NULL,
    tenant_id   UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id     UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    recipient   TEXT NOT NULL,
    kind        TEXT NOT NULL,
    content     BYTEA,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'shown', 'failed')),
    attempts    BIGINT NOT NULL DEFAULT 0,
    due_at      BIGINT NOT NULL,
    trouble     TEXT,
    created_at  BIGINT NOT NULL
);
CREATE INDEX mails_tenant ON mails (tenant_id);
CREATE INDEX mails_user ON mails (user_id);
CREATE INDEX mails_due ON mails (state, due_at);
