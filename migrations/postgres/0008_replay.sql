-- What a run read and did, so that it can be replayed; what was given up, so that a person can decide on it.

-- The settings under which an install's runs ran: configuration, grants, bound gateways, limits, as one JSON document. Its id is made
-- of the document, so that the same settings are kept once however many runs refer to them.
-- used_at: when a run last referred to it, to the hour: what no run has referred to for longer than runs are kept can go.
CREATE TABLE setups (
    install_id  UUID NOT NULL REFERENCES installs (id) ON DELETE CASCADE,
    id          UUID NOT NULL,
    tenant_id   UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    document    TEXT NOT NULL,
    used_at     BIGINT NOT NULL,
    PRIMARY KEY (install_id, id)
);
CREATE INDEX setups_used ON setups (used_at);

-- The bytes of plugins by their SHA-256, of all that were offered while there may be a run that refers to them.
CREATE TABLE components (
    digest      TEXT PRIMARY KEY NOT NULL,
    bytes       BYTEA NOT NULL,
    offered_at  BIGINT NOT NULL
);

-- deaths: how often the process ended while it ran.  failure: whose doing the failure was.
-- settled_at: when a person discarded it, or ran it again with another payload; what failed and is not settled is a dead letter.
-- retry_of: the execution that this one was made of, with another payload.  input: of an action.
-- setup: the settings that it ran under.  recording: what it read and did, in JSON. It stands last, so that whoever looks for
-- something else does not read it.
ALTER TABLE executions ADD COLUMN deaths BIGINT NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN failure TEXT;
ALTER TABLE executions ADD COLUMN settled_at BIGINT;
ALTER TABLE executions ADD COLUMN retry_of UUID;
ALTER TABLE executions ADD COLUMN setup UUID;
ALTER TABLE executions ADD COLUMN input TEXT;
ALTER TABLE executions ADD COLUMN recording TEXT;
CREATE INDEX executions_dead ON executions (tenant_id, id) WHERE state = 'failed' AND settled_at IS NULL AND cause <> 'action';

ALTER TABLE inbound ADD COLUMN settled_at BIGINT;
ALTER TABLE inbound ADD COLUMN retry_of UUID;
CREATE INDEX inbound_dead ON inbound (tenant_id, id) WHERE state = 'failed' AND settled_at IS NULL;

ALTER TABLE effects ADD COLUMN settled_at BIGINT;
CREATE INDEX effects_dead ON effects (tenant_id, id) WHERE state = 'failed' AND settled_at IS NULL;
