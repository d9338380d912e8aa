-- What waits for them ends; how the rest ended stays, without the words.
UPDATE assignment SET
    state = CASE WHEN state IN ('ready', 'waiting', 'dead') THEN 'skipped' ELSE state END,
    due_at = NULL, ended_at = COALESCE(ended_at, now()),
    reason = CASE WHEN state IN ('ready', 'waiting', 'dead') OR reason IS NOT NULL THEN %(reason)s END
WHERE person_id = ANY(%(persons)s)
RETURNING event_id
