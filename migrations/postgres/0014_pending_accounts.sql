-- What someone chose who registered with an address and has yet to show that it is theirs: it takes effect when they do, and not before.
ALTER TABLE account_tokens ADD COLUMN name TEXT;
ALTER TABLE account_tokens ADD COLUMN password_hash TEXT;
