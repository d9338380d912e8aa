-- Pause, go on or cancel; nothing where it does not stand so that this can be done.
UPDATE backfill SET state = %(to)s, due_at = now(), version = backfill.version + 1, failures = 0,
    paused_s = backfill.paused_s + CASE WHEN backfill.state = 'paused' THEN extract(epoch FROM now() - paused_at) ELSE 0 END,
    paused_at = CASE WHEN %(to)s = 'paused' THEN now() END,
    ended_at = CASE WHEN %(to)s = 'cancelled' THEN now() END
FROM sync WHERE sync.id = sync_id AND sync.name = %(name)s AND kind = %(kind)s
    AND backfill.state = ANY(%(when)s::text[])
RETURNING backfill.lane_id
