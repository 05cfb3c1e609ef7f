-- Where a user has signed in from, so that a sign-in from elsewhere can be told. mark is a digest: of what a browser was given to keep,
-- or of the kind of program and the part of the network.
CREATE TABLE known_devices (
    id         BLOB PRIMARY KEY NOT NULL,
    tenant_id  BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id    BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    mark       BLOB NOT NULL,
    seen_at    BIGINT NOT NULL,
    CONSTRAINT known_devices_unique UNIQUE (user_id, mark)
);
CREATE INDEX known_devices_tenant ON known_devices (tenant_id, user_id, seen_at, id);
CREATE INDEX known_devices_seen ON known_devices (seen_at);
