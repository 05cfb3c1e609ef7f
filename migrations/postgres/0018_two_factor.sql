-- Two-factor sign-in: what a person's authenticator and we both know. secret is an AES-256-GCM envelope that belongs to the row's id,
-- which is a new one for each set-up. enabled_at: null until a code has shown that the authenticator has it.
-- last_step: the time step (of 30 seconds) whose code was used last; it and those before are worth nothing any more.
-- tries: codes that were tried since the last right one, and locked_until when the next may be; known_… the same for browsers that have
-- signed in before, so that strangers can not lock the owner out.
CREATE TABLE two_factor (
    id                  UUID PRIMARY KEY NOT NULL,
    tenant_id           UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id             UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret              BYTEA NOT NULL,
    created_at          BIGINT NOT NULL,
    enabled_at          BIGINT,
    last_step           BIGINT NOT NULL DEFAULT 0,
    tries               BIGINT NOT NULL DEFAULT 0,
    locked_until        BIGINT,
    known_tries         BIGINT NOT NULL DEFAULT 0,
    known_locked_until  BIGINT,
    CONSTRAINT two_factor_user_unique UNIQUE (user_id)
);
CREATE INDEX two_factor_tenant ON two_factor (tenant_id);

-- What gets in where the authenticator is lost: each once. Only digests are kept; a code goes when it is used.
CREATE TABLE recovery_codes (
    id          UUID PRIMARY KEY NOT NULL,
    tenant_id   UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id     UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest      BYTEA NOT NULL,
    created_at  BIGINT NOT NULL,
    CONSTRAINT recovery_codes_unique UNIQUE (user_id, digest)
);
CREATE INDEX recovery_codes_tenant ON recovery_codes (tenant_id);

-- Sign-ins whose password was right and that wait for a code. The token itself is never stored, only its SHA-256.
-- tries: codes that were tried with it. known: whether it is of a browser that has signed in before.
CREATE TABLE sign_in_challenges (
    id          UUID PRIMARY KEY NOT NULL,
    tenant_id   UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id     UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash  BYTEA NOT NULL UNIQUE,
    known       BIGINT NOT NULL CHECK (known IN (0, 1)),
    tries       BIGINT NOT NULL DEFAULT 0,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX sign_in_challenges_tenant ON sign_in_challenges (tenant_id);
CREATE INDEX sign_in_challenges_user ON sign_in_challenges (user_id, id);
CREATE INDEX sign_in_challenges_expiry ON sign_in_challenges (expires_at);
