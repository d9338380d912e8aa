-- Held to the end of the intake's transaction: a release that runs meanwhile waits, then sees the new assignments.
-- In id order, so that two intakes cannot wait for each other.
SELECT id FROM lane WHERE id = ANY(%(lanes)s) ORDER BY id FOR NO KEY UPDATE
