-- Requests that may be sent again: who sends one names it with a key of their own, and a second of the same name is not done but given
-- the first one's answer.
-- caller: the user, or the key of the API, that asked. name: SHA-256 of what they named it. request: SHA-256 of what they asked for.
-- begun_at: when it was begun; done_at: when it was answered, null while it runs or where nobody knows what became of it.
-- answer: an AES-256-GCM envelope, since it may show a secret; null where it was too large to keep. Types as everywhere.
CREATE TABLE idempotency_keys (
    id          BLOB PRIMARY KEY NOT NULL,
    tenant_id   BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    caller      BLOB NOT NULL,
    name        BLOB NOT NULL,
    request     BLOB NOT NULL,
    begun_at    BIGINT NOT NULL,
    done_at     BIGINT,
    answer      BLOB,
    CONSTRAINT idempotency_keys_name_unique UNIQUE (tenant_id, caller, name)
);
CREATE INDEX idempotency_keys_tenant ON idempotency_keys (tenant_id, id);
CREATE INDEX idempotency_keys_age ON idempotency_keys (begun_at);
