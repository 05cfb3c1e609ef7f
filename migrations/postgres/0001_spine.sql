-- The spine: tenants, what they connected and installed, and the way of an event.
-- Ids are UUIDv7; times are milliseconds since the epoch in UTC; JSON is text, as it was written.
-- What lists are ordered by compares by bytes (COLLATE "C"), whatever the database's own collation.
-- Every table of a tenant's data carries tenant_id, and every query filters on it.

CREATE TABLE tenants (
    id          UUID PRIMARY KEY NOT NULL,
    name        TEXT NOT NULL,
    plan        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'suspended')),
    created_at  BIGINT NOT NULL
);

CREATE TABLE users (
    id            UUID PRIMARY KEY NOT NULL,
    tenant_id     UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    email         TEXT NOT NULL CONSTRAINT users_email_unique UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role          TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    created_at    BIGINT NOT NULL
);
CREATE INDEX users_tenant ON users (tenant_id);

-- The token itself is never stored, only its SHA-256.
CREATE TABLE sessions (
    id          UUID PRIMARY KEY NOT NULL,
    tenant_id   UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id     UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash  BYTEA NOT NULL UNIQUE,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- credentials and webhook_secret are AES-256-GCM envelopes.
CREATE TABLE gateways (
    id              UUID PRIMARY KEY NOT NULL,
    tenant_id       UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind            TEXT NOT NULL,
    name            TEXT NOT NULL,
    config          TEXT NOT NULL,
    credentials     BYTEA,
    webhook_secret  BYTEA NOT NULL,
    enabled         BIGINT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('disconnected', 'connecting', 'connected', 'error')),
    trouble         TEXT,
    account         TEXT,
    poll_cursor     BIGINT,
    last_event_at   BIGINT,
    accepted        BIGINT NOT NULL DEFAULT 0,
    refused         BIGINT NOT NULL DEFAULT 0,
    duplicates      BIGINT NOT NULL DEFAULT 0,
    not_handled     BIGINT NOT NULL DEFAULT 0,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);
CREATE INDEX gateways_tenant ON gateways (tenant_id, id);

CREATE TABLE installs (
    id          UUID PRIMARY KEY NOT NULL,
    tenant_id   UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    slug        TEXT NOT NULL,
    version     TEXT NOT NULL,
    digest      TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('enabled', 'disabled', 'paused')),
    trouble     TEXT,
    config      TEXT NOT NULL,
    grants      TEXT NOT NULL,
    failures    BIGINT NOT NULL DEFAULT 0,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    CONSTRAINT installs_slug_unique UNIQUE (tenant_id, slug)
);

CREATE TABLE install_gateways (
    install_id  UUID NOT NULL REFERENCES installs (id) ON DELETE CASCADE,
    slot        TEXT COLLATE "C" NOT NULL,
    gateway_id  UUID NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
    tenant_id   UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    position    BIGINT NOT NULL,
    PRIMARY KEY (install_id, slot, gateway_id)
);
CREATE INDEX install_gateways_gateway ON install_gateways (gateway_id);

-- Raw deliveries, durable before they are acknowledged. The unique index is what drops duplicates.
CREATE TABLE inbound (
    id           UUID PRIMARY KEY NOT NULL,
    tenant_id    UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    gateway_id   UUID NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
    provider_id  TEXT NOT NULL,
    body         TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'decoded', 'not_handled', 'failed')),
    attempt      BIGINT NOT NULL DEFAULT 0,
    next_at      BIGINT NOT NULL,
    note         TEXT,
    received_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX inbound_once ON inbound (gateway_id, provider_id);
CREATE INDEX inbound_queue ON inbound (tenant_id, id) WHERE state = 'waiting';

CREATE TABLE events (
    id           UUID PRIMARY KEY NOT NULL,
    tenant_id    UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    gateway_id   UUID REFERENCES gateways (id) ON DELETE SET NULL,
    inbound_id   UUID REFERENCES inbound (id) ON DELETE SET NULL,
    kind         TEXT NOT NULL,
    lane         TEXT NOT NULL,
    payload      TEXT NOT NULL,
    occurred_at  BIGINT NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE INDEX events_tenant ON events (tenant_id, id);
CREATE INDEX events_inbound ON events (inbound_id);
CREATE INDEX events_gateway ON events (gateway_id);

CREATE TABLE executions (
    id           UUID PRIMARY KEY NOT NULL,
    tenant_id    UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    install_id   UUID NOT NULL REFERENCES installs (id) ON DELETE CASCADE,
    event_id     UUID REFERENCES events (id) ON DELETE SET NULL,
    cause        TEXT NOT NULL CHECK (cause IN ('event', 'schedule', 'action')),
    event_kind   TEXT NOT NULL,
    lane         TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'succeeded', 'failed')),
    attempt      BIGINT NOT NULL DEFAULT 0,
    next_at      BIGINT NOT NULL,
    trouble      TEXT,
    digest       TEXT,
    fuel         BIGINT NOT NULL DEFAULT 0,
    peak_memory  BIGINT NOT NULL DEFAULT 0,
    wall_ms      BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    finished_at  BIGINT
);
CREATE INDEX executions_tenant ON executions (tenant_id, id);
CREATE INDEX executions_install ON executions (install_id, id);
CREATE INDEX executions_event ON executions (event_id);
CREATE INDEX executions_queue ON executions (tenant_id, id) WHERE state = 'waiting';

-- What inline effects answered, so that a retry is given the same answers and does not repeat the calls.
CREATE TABLE journal (
    execution_id  UUID NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    seq           BIGINT NOT NULL,
    tenant_id     UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    request       TEXT NOT NULL,
    result        TEXT,
    created_at    BIGINT NOT NULL,
    PRIMARY KEY (execution_id, seq)
);

CREATE TABLE logs (
    execution_id  UUID NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    seq           BIGINT NOT NULL,
    tenant_id     UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    at            BIGINT NOT NULL,
    level         TEXT NOT NULL,
    message       TEXT NOT NULL,
    fields        TEXT NOT NULL,
    PRIMARY KEY (execution_id, seq)
);

-- Queued effects: committed with the execution that asked for them, delivered after it.
CREATE TABLE effects (
    id            UUID PRIMARY KEY NOT NULL,
    tenant_id     UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    execution_id  UUID NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    install_id    UUID NOT NULL REFERENCES installs (id) ON DELETE CASCADE,
    gateway_id    UUID NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
    kind          TEXT NOT NULL,
    action        TEXT NOT NULL,
    lane          TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'sent', 'failed')),
    attempt       BIGINT NOT NULL DEFAULT 0,
    next_at       BIGINT NOT NULL,
    trouble       TEXT,
    created_at    BIGINT NOT NULL,
    finished_at   BIGINT
);
CREATE INDEX effects_execution ON effects (execution_id);
CREATE INDEX effects_install ON effects (install_id);
CREATE INDEX effects_gateway ON effects (gateway_id);
CREATE INDEX effects_queue ON effects (tenant_id, id) WHERE state = 'waiting';

-- version counts the writes of a key: a commit fails when a key that it read has moved on.
CREATE TABLE kv (
    install_id  UUID NOT NULL REFERENCES installs (id) ON DELETE CASCADE,
    bucket      TEXT COLLATE "C" NOT NULL,
    key         TEXT COLLATE "C" NOT NULL,
    tenant_id   UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    value       BYTEA NOT NULL,
    version     BIGINT NOT NULL,
    PRIMARY KEY (install_id, bucket, key)
);

-- The sums that quotas are checked against, kept in the transaction that changes them.
CREATE TABLE kv_totals (
    tenant_id  UUID PRIMARY KEY NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    keys       BIGINT NOT NULL,
    bytes      BIGINT NOT NULL
);

CREATE TABLE schedules (
    id          UUID PRIMARY KEY NOT NULL,
    tenant_id   UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    install_id  UUID NOT NULL REFERENCES installs (id) ON DELETE CASCADE,
    name        TEXT COLLATE "C" NOT NULL,
    cron        TEXT,
    time_zone   TEXT NOT NULL,
    data        TEXT,
    due_at      BIGINT NOT NULL,
    CONSTRAINT schedules_name_unique UNIQUE (install_id, name)
);
CREATE INDEX schedules_due ON schedules (due_at);

-- day counts UTC days since 1970-01-01.
CREATE TABLE usage_daily (
    tenant_id          UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    day                BIGINT NOT NULL,
    executions         BIGINT NOT NULL,
    failed_executions  BIGINT NOT NULL,
    messages_in        BIGINT NOT NULL,
    messages_out       BIGINT NOT NULL,
    fuel               BIGINT NOT NULL,
    peak_memory        BIGINT NOT NULL,
    wall_ms            BIGINT NOT NULL,
    ai_tokens_in       BIGINT NOT NULL,
    ai_tokens_out      BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, day)
);

CREATE TABLE conversations (
    id          UUID PRIMARY KEY NOT NULL,
    tenant_id   UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    gateway_id  UUID NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
    title       TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE INDEX conversations_gateway ON conversations (gateway_id, id);

CREATE TABLE chat_messages (
    id               UUID PRIMARY KEY NOT NULL,
    tenant_id        UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    conversation_id  UUID NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author           TEXT NOT NULL CHECK (author IN ('person', 'bot', 'system')),
    author_name      TEXT NOT NULL,
    text             TEXT NOT NULL,
    format           TEXT NOT NULL,
    buttons          TEXT NOT NULL,
    reply_to         TEXT,
    trouble          TEXT,
    client_id        TEXT,
    sent_at          BIGINT NOT NULL,
    edited_at        BIGINT
);
CREATE INDEX chat_messages_conversation ON chat_messages (conversation_id, id);
CREATE UNIQUE INDEX chat_messages_client ON chat_messages (conversation_id, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE notifications (
    id          UUID PRIMARY KEY NOT NULL,
    tenant_id   UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    install_id  UUID REFERENCES installs (id) ON DELETE SET NULL,
    severity    TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'problem')),
    title       TEXT NOT NULL,
    text        TEXT NOT NULL,
    read_at     BIGINT,
    created_at  BIGINT NOT NULL
);
CREATE INDEX notifications_tenant ON notifications (tenant_id, id);
CREATE INDEX notifications_install ON notifications (install_id);
