-- What people are told once: of limits that are nearly used up, and of gateways that are down. Types as everywhere.

-- The last warning of each limit. period: the days or months since 1970 in which the limit counts; allowed: what the plan allowed then.
CREATE TABLE limit_warnings (
    tenant_id   BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    limit_name  TEXT NOT NULL,
    period      BIGINT NOT NULL,
    allowed     BIGINT NOT NULL,
    percent     BIGINT NOT NULL,
    told_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, limit_name)
);

-- health: 'new' until the gateway worked once; 'well'; 'failing' since health_at, of which nobody was told yet; 'down', of which its
-- people were told; 'recovering': works again since health_at, of which nobody was told yet.
ALTER TABLE gateways ADD COLUMN health TEXT NOT NULL DEFAULT 'new' CHECK (health IN ('new', 'well', 'failing', 'down', 'recovering'));
ALTER TABLE gateways ADD COLUMN health_at BIGINT NOT NULL DEFAULT 0;
UPDATE gateways SET health = 'well' WHERE status = 'connected';
CREATE INDEX gateways_to_tell ON gateways (health_at) WHERE health IN ('failing', 'recovering');
