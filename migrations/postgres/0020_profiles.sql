-- What people chose for themselves: a language tag (BCP 47), a time zone of the IANA list, null where their browser's holds, and of what
-- a mail tells them besides the dashboard. Types as everywhere.
ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
ALTER TABLE users ADD COLUMN time_zone TEXT;
ALTER TABLE users ADD COLUMN mail_limits BIGINT NOT NULL DEFAULT 1;
ALTER TABLE users ADD COLUMN mail_gateways BIGINT NOT NULL DEFAULT 1;
