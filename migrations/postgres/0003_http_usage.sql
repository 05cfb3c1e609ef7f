-- Plugins call other hosts: how often, and how many bytes came and went.

ALTER TABLE usage_daily ADD COLUMN http_requests BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_daily ADD COLUMN http_bytes_in BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_daily ADD COLUMN http_bytes_out BIGINT NOT NULL DEFAULT 0;
