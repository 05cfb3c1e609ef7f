-- The deliveries of one gateway, newest first, for its owner to look through. The condition holds for every row: only a statement that
-- states it may use the index, and so none that looks for a delivery by the provider's id takes it for the better one.
CREATE INDEX inbound_gateway ON inbound (gateway_id, id) WHERE received_at > 0;

-- What was posted to receivers, one row for each message however often it was tried: the last answer, and whether it was taken. For an
-- owner to look at; what is to be done stands in effects and journal. effect_id is none for what an execution waited for.
CREATE TABLE outbound (
    id            UUID PRIMARY KEY NOT NULL,
    tenant_id     UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    gateway_id    UUID NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
    execution_id  UUID NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    effect_id     UUID,
    message       TEXT NOT NULL,
    attempts      BIGINT NOT NULL,
    delivered     BIGINT NOT NULL CHECK (delivered IN (0, 1)),
    status        BIGINT,
    answer        TEXT NOT NULL,
    problem       TEXT,
    took_ms       BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    tried_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX outbound_once ON outbound (gateway_id, message);
CREATE INDEX outbound_gateway ON outbound (gateway_id, id);
CREATE INDEX outbound_execution ON outbound (execution_id, id);
