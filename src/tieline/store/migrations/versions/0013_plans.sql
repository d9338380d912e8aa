-- A cause is shown with those of its failures that ended, too.
DROP INDEX failure_cause;
CREATE INDEX failure_cause ON failure (cause_id, id);
-- Erasing a person, and a token that is named by its beginning.
CREATE INDEX conflict_seal ON conflict (seal);
CREATE INDEX api_token_prefix ON api_token (prefix);
