-- Several nodes on one database. A file of SQLite has one process, so that `nodes` and `leases` stay empty here; they are there
-- because both kinds of database have the same tables.

-- The nodes that run now. What a node holds, it holds as long as its row is there.
CREATE TABLE nodes (
    id           BLOB PRIMARY KEY NOT NULL,
    works        BIGINT NOT NULL,
    -- The connection on which the node hears signals holds the advisory lock of this number.
    lock_number  BIGINT NOT NULL,
    joined_at    BIGINT NOT NULL,
    -- Whoever finds it after this, by the clock of the database, removes it.
    until        BIGINT NOT NULL
);

-- Which node works for a tenant. The token grows with every taking, and never falls: what is written for a taking that was not the
-- last is refused.
CREATE TABLE leases (
    tenant_id  BLOB PRIMARY KEY NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    node_id    BLOB REFERENCES nodes (id) ON DELETE SET NULL,
    token      BIGINT NOT NULL
);
CREATE INDEX leases_node ON leases (node_id);

-- Where an action runs: when that node is gone, nobody waits for its answer.
ALTER TABLE executions ADD COLUMN node_id BLOB;

-- How often an owner, or a start, has asked for the connection of a gateway to be made anew or ended, and which of these was done.
-- Between the two, somebody has to be with it; one that is polled is never done.
ALTER TABLE gateways ADD COLUMN connect_asked BIGINT NOT NULL DEFAULT 0;
ALTER TABLE gateways ADD COLUMN connect_done BIGINT NOT NULL DEFAULT 0;
CREATE INDEX gateways_to_connect ON gateways (tenant_id) WHERE enabled = 1 AND connect_done < connect_asked;
