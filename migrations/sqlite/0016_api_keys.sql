-- Keys by which programs call the API in a person's name. A key's token is `2bot_<prefix>_<secret>`: the prefix finds the row and is
-- shown to people, of the whole token only the SHA-256 is kept.
-- scopes: what it may do, as a JSON list. replaced: the digest of the token before the last rotation, which holds until replaced_until.
-- A revoked key stays for a while, so that who still uses it is told so. Types as everywhere.
CREATE TABLE api_keys (
    id              BLOB PRIMARY KEY NOT NULL,
    tenant_id       BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    prefix          TEXT NOT NULL,
    scopes          TEXT NOT NULL,
    digest          BLOB NOT NULL,
    replaced        BLOB,
    replaced_until  BIGINT,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT,
    rotated_at      BIGINT,
    revoked_at      BIGINT,
    last_used_at    BIGINT,
    CONSTRAINT api_keys_prefix_unique UNIQUE (prefix)
);
CREATE INDEX api_keys_tenant ON api_keys (tenant_id, id);
CREATE INDEX api_keys_user ON api_keys (user_id);
