-- Who did what, and what was denied. Rows are only ever added: each carries a hash over itself and the hash of the row before it
-- of the same tenant, so that a changed, missing or inserted row shows. Names are kept as they were, since what they name may go.
-- Types as everywhere: times milliseconds, hashes 32 bytes, JSON text.

CREATE TABLE audit_log (
    id           UUID PRIMARY KEY NOT NULL,
    tenant_id    UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    seq          BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    actor_kind   TEXT NOT NULL CHECK (actor_kind IN ('user', 'plugin', 'system')),
    actor_id     UUID,
    actor_name   TEXT NOT NULL,
    area         TEXT NOT NULL,
    action       TEXT NOT NULL,
    target_kind  TEXT NOT NULL,
    target_id    TEXT NOT NULL,
    target_name  TEXT NOT NULL,
    outcome      TEXT NOT NULL CHECK (outcome IN ('success', 'denied', 'failure')),
    detail       TEXT NOT NULL,
    request_id   TEXT,
    address      TEXT,
    previous     BYTEA NOT NULL,
    hash         BYTEA NOT NULL,
    CONSTRAINT audit_log_seq_unique UNIQUE (tenant_id, seq)
);
-- One for each filter, so that each page costs the same; area is the part of an action before its dot.
CREATE INDEX audit_log_area ON audit_log (tenant_id, area, id);
CREATE INDEX audit_log_outcome ON audit_log (tenant_id, outcome, id);
CREATE INDEX audit_log_actor ON audit_log (tenant_id, actor_id, id);
CREATE INDEX audit_log_tenant ON audit_log (tenant_id, id);

-- The last row of each tenant's chain. Writing it first is what lets only one writer at a time add to a chain.
CREATE TABLE audit_heads (
    tenant_id  UUID PRIMARY KEY NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    seq        BIGINT NOT NULL,
    hash       BYTEA NOT NULL
);

-- asked: the capabilities that the owner has decided on, granted or not, as a JSON list; null in an install that is older than this.
-- waits: 1 while it is paused until its owner decides on what a new version asks for. Its events are kept meanwhile.
ALTER TABLE installs ADD COLUMN asked TEXT;
ALTER TABLE installs ADD COLUMN waits BIGINT NOT NULL DEFAULT 0;

-- held: 1 while it waits for its install's owner, and not for its turn.
-- depth: how many of the plugin's own doings led to it: 0 for what came from outside. What would go on for ever is cut off by it.
ALTER TABLE executions ADD COLUMN held BIGINT NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN depth BIGINT NOT NULL DEFAULT 0;
ALTER TABLE schedules ADD COLUMN depth BIGINT NOT NULL DEFAULT 0;
CREATE INDEX executions_held ON executions (tenant_id, install_id, id) WHERE held = 1;
