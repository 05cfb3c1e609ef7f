-- operator: whether a person looks after the whole platform besides their own tenant; given on the command line only. Those who were
-- made with `--admin` were told that they do, and own their tenant. Types as everywhere.
ALTER TABLE users ADD COLUMN operator TEXT NOT NULL DEFAULT 'none' CHECK (operator IN ('none', 'admin'));
UPDATE users SET operator = 'admin', role = 'owner' WHERE role = 'admin';
CREATE INDEX users_operators ON users (id) WHERE operator = 'admin';

-- Of a tenant that is suspended: since when, why, and what its workspace goes back to.
ALTER TABLE tenants ADD COLUMN suspended_at BIGINT;
ALTER TABLE tenants ADD COLUMN suspended_for TEXT;
ALTER TABLE tenants ADD COLUMN state_before TEXT;
