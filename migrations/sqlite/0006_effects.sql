-- begun_at: the intent. Set before the provider is called, and taken away when it is known what came of the call: an effect that waits with
-- an intent was begun by a process that went away. done_at_most: how often the provider may have done it.
ALTER TABLE effects ADD COLUMN begun_at BIGINT;
ALTER TABLE effects ADD COLUMN done_at_most BIGINT NOT NULL DEFAULT 0;
-- How often an inline effect was done again although it may have been done before.
ALTER TABLE journal ADD COLUMN repeats BIGINT NOT NULL DEFAULT 0;
