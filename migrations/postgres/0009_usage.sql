-- What was used is kept with the rows that used it, and summed by minute, hour and day in the background.

-- metered: the minute (since 1970-01-01T00:00Z) in which the use that stands in this row counts; 0 where none does. It is that of the
-- row's id, for effects that of their execution's, so that rows of a minute are found by their ids.
-- runs, failed_runs: of sandboxes. The rest of what a row used, where there is any, stands in usage_apart.
ALTER TABLE executions ADD COLUMN metered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN runs BIGINT NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN failed_runs BIGINT NOT NULL DEFAULT 0;

ALTER TABLE effects ADD COLUMN metered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE effects ADD COLUMN runs BIGINT NOT NULL DEFAULT 0;
ALTER TABLE effects ADD COLUMN failed_runs BIGINT NOT NULL DEFAULT 0;
ALTER TABLE effects ADD COLUMN messages_out BIGINT NOT NULL DEFAULT 0;
ALTER TABLE effects ADD COLUMN fuel BIGINT NOT NULL DEFAULT 0;
ALTER TABLE effects ADD COLUMN peak_memory BIGINT NOT NULL DEFAULT 0;
ALTER TABLE effects ADD COLUMN wall_ms BIGINT NOT NULL DEFAULT 0;

-- What decoding used stands in the first event that came of it.
ALTER TABLE events ADD COLUMN metered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN runs BIGINT NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN failed_runs BIGINT NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN messages_in BIGINT NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN fuel BIGINT NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN peak_memory BIGINT NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN wall_ms BIGINT NOT NULL DEFAULT 0;

-- What no row shows: the use of attempts before the last one, of what came late, of rows that were removed before they were summed,
-- and what rows have no columns for. Written in the transaction that recorded or removed it.
CREATE TABLE usage_apart (
    minute             BIGINT NOT NULL,
    tenant_id          UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    executions         BIGINT NOT NULL DEFAULT 0,
    failed_executions  BIGINT NOT NULL DEFAULT 0,
    messages_in        BIGINT NOT NULL DEFAULT 0,
    messages_out       BIGINT NOT NULL DEFAULT 0,
    fuel               BIGINT NOT NULL DEFAULT 0,
    peak_memory        BIGINT NOT NULL DEFAULT 0,
    wall_ms            BIGINT NOT NULL DEFAULT 0,
    ai_tokens_in       BIGINT NOT NULL DEFAULT 0,
    ai_tokens_out      BIGINT NOT NULL DEFAULT 0,
    http_requests      BIGINT NOT NULL DEFAULT 0,
    http_bytes_in      BIGINT NOT NULL DEFAULT 0,
    http_bytes_out     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (minute, tenant_id)
);
CREATE INDEX usage_apart_tenant ON usage_apart (tenant_id, minute);

-- Sums of rows and of usage_apart by minute; of minutes by hour; of hours by day. Replaced by what is computed anew, and never added to.
CREATE TABLE usage_minutes (
    tenant_id          UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    minute             BIGINT NOT NULL,
    executions         BIGINT NOT NULL DEFAULT 0,
    failed_executions  BIGINT NOT NULL DEFAULT 0,
    messages_in        BIGINT NOT NULL DEFAULT 0,
    messages_out       BIGINT NOT NULL DEFAULT 0,
    fuel               BIGINT NOT NULL DEFAULT 0,
    peak_memory        BIGINT NOT NULL DEFAULT 0,
    wall_ms            BIGINT NOT NULL DEFAULT 0,
    ai_tokens_in       BIGINT NOT NULL DEFAULT 0,
    ai_tokens_out      BIGINT NOT NULL DEFAULT 0,
    http_requests      BIGINT NOT NULL DEFAULT 0,
    http_bytes_in      BIGINT NOT NULL DEFAULT 0,
    http_bytes_out     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, minute)
);
CREATE TABLE usage_hours (
    tenant_id          UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    hour               BIGINT NOT NULL,
    executions         BIGINT NOT NULL DEFAULT 0,
    failed_executions  BIGINT NOT NULL DEFAULT 0,
    messages_in        BIGINT NOT NULL DEFAULT 0,
    messages_out       BIGINT NOT NULL DEFAULT 0,
    fuel               BIGINT NOT NULL DEFAULT 0,
    peak_memory        BIGINT NOT NULL DEFAULT 0,
    wall_ms            BIGINT NOT NULL DEFAULT 0,
    ai_tokens_in       BIGINT NOT NULL DEFAULT 0,
    ai_tokens_out      BIGINT NOT NULL DEFAULT 0,
    http_requests      BIGINT NOT NULL DEFAULT 0,
    http_bytes_in      BIGINT NOT NULL DEFAULT 0,
    http_bytes_out     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, hour)
);
CREATE TABLE usage_days (
    tenant_id          UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    day                BIGINT NOT NULL,
    executions         BIGINT NOT NULL DEFAULT 0,
    failed_executions  BIGINT NOT NULL DEFAULT 0,
    messages_in        BIGINT NOT NULL DEFAULT 0,
    messages_out       BIGINT NOT NULL DEFAULT 0,
    fuel               BIGINT NOT NULL DEFAULT 0,
    peak_memory        BIGINT NOT NULL DEFAULT 0,
    wall_ms            BIGINT NOT NULL DEFAULT 0,
    ai_tokens_in       BIGINT NOT NULL DEFAULT 0,
    ai_tokens_out      BIGINT NOT NULL DEFAULT 0,
    http_requests      BIGINT NOT NULL DEFAULT 0,
    http_bytes_in      BIGINT NOT NULL DEFAULT 0,
    http_bytes_out     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, day)
);

-- What was counted before. It remains part of its days' sums: the day of this change has no hours before it, and a node of the version
-- before may go on adding for a while.
INSERT INTO usage_days (tenant_id, day, executions, failed_executions, messages_in, messages_out, fuel, peak_memory, wall_ms, ai_tokens_in, ai_tokens_out, http_requests, http_bytes_in, http_bytes_out)
    SELECT tenant_id, day, executions, failed_executions, messages_in, messages_out, fuel, peak_memory, wall_ms, ai_tokens_in, ai_tokens_out, http_requests, http_bytes_in, http_bytes_out FROM usage_daily;

-- Up to which minute, this one left out, everything is summed; and the smallest id of that minute. There is one row.
CREATE TABLE usage_progress (
    id            BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
    summed_until  BIGINT NOT NULL,
    first_id      UUID NOT NULL
);
INSERT INTO usage_progress (id, summed_until, first_id) VALUES (1, CAST(floor(extract(epoch FROM clock_timestamp()) / 60) AS BIGINT), '00000000-0000-0000-0000-000000000000');

-- Executions of the day, where the plan limits them.
CREATE TABLE usage_quota (
    tenant_id   UUID PRIMARY KEY NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    day         BIGINT NOT NULL,
    executions  BIGINT NOT NULL
);

-- usage_from: rows of this minute and later are all there, as far as they were used; of those before, some were removed.
ALTER TABLE tenants ADD COLUMN usage_from BIGINT NOT NULL DEFAULT 0;
