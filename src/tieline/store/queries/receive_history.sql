-- A page of history. It waits, due at once: what is new goes before it.
WITH stored AS (
    INSERT INTO event (id, connection_id, source, kind, project, state, reason, body, seal)
    SELECT id, connection_id, 'backfill', kind, project, CASE WHEN reason IS NULL THEN 'routed' ELSE 'unreadable' END,
           reason, body, seal
    FROM unnest(%(ids)s::bigint[], %(connections)s::bigint[], %(kinds)s::text[], %(projects)s::text[],
        %(reasons)s::text[], %(bodies)s::bytea[], %(seals)s::bigint[])
        AS row (id, connection_id, kind, project, reason, body, seal)
    RETURNING id, state
)
INSERT INTO assignment (event_id, consumer_id, lane_id, state, due_at)
SELECT id, %(consumer)s, %(lane)s, 'waiting', now() FROM stored WHERE state = 'routed'
