-- Keys of the deployment itself, other than the master key, which seals them: envelopes of 64 hexadecimal digits. They were derived from the
-- master key once and stay when it is rotated. id: from the purpose.
CREATE TABLE own_keys (
    id       UUID PRIMARY KEY NOT NULL,
    purpose  TEXT NOT NULL,
    sealed   BYTEA NOT NULL
);
