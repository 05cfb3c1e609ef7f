-- A session is signed in by a token that lasts minutes, and renewed by one that works once; see the decision record 0027.
-- token_hash is the digest of the present token, token_before of the one before, for requests that were under way when it was replaced.
-- access_until of sessions from before this: null, their token lasts as long as they do.
ALTER TABLE sessions ADD COLUMN access_until BIGINT;
ALTER TABLE sessions ADD COLUMN token_before BLOB;
ALTER TABLE sessions ADD COLUMN before_until BIGINT;

-- What renews a session carries a part that stays the same, by which it is known that it was once good, and a part that changes
-- each time. Digests of both. renewal_before and salt let who renews twice at once have the same answer twice.
ALTER TABLE sessions ADD COLUMN family_hash BLOB;
ALTER TABLE sessions ADD COLUMN renewal_hash BLOB;
ALTER TABLE sessions ADD COLUMN renewal_before BLOB;
ALTER TABLE sessions ADD COLUMN salt BLOB;
ALTER TABLE sessions ADD COLUMN renewed_at BIGINT NOT NULL DEFAULT 0;

-- What people are shown to know a session again: the kind of program, and the part of the network address that many share.
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN network TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;
UPDATE sessions SET used_at = created_at;

-- A user's sessions, what was used last first.
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id, used_at, id);
CREATE INDEX sessions_token_before ON sessions (token_before);
