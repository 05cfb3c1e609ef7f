-- Where the chain of a tenant's audit log begins now: the place and the hash of the last row that is no longer kept. 0 and nothing where all are.
ALTER TABLE audit_heads ADD COLUMN removed_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit_heads ADD COLUMN removed_hash BLOB;
