-- ended: the last try of an inline effect came to an end, with an answer that is kept or with one that is not, since a retry is to ask
-- again. Where it did not, nobody knows what came of it.
-- Of a call that another attempt did not come to again, and of which nobody knows what came of it, the row stays: its place counts down
-- from -1, and its result says what its owner was told.
ALTER TABLE journal ADD COLUMN ended BIGINT NOT NULL DEFAULT 0;
