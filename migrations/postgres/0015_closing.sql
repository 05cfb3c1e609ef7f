-- closes_at: when an account whose owner asked for its deletion is removed with all that it has; NULL for all others.
ALTER TABLE tenants ADD COLUMN closes_at BIGINT;
CREATE INDEX tenants_closing ON tenants (closes_at) WHERE closes_at IS NOT NULL;
