-- Store a batch of deliveries: those not seen before become events with their assignments.
-- Ids come from a block that the caller reserved, so that nothing has to be read back to write the assignments.
WITH incoming AS (
    SELECT * FROM unnest(
        %(ids)s::bigint[], %(connection_ids)s::bigint[], %(keys)s::bytea[], %(expires)s::timestamptz[],
        %(sources)s::text[], %(kinds)s::text[], %(projects)s::text[], %(states)s::text[], %(reasons)s::text[],
        %(bodies)s::bytea[], %(seals)s::bigint[]
    ) AS row (id, connection_id, key, expires_at, source, kind, project, state, reason, body, seal)
),
fresh AS (
    INSERT INTO delivery AS known (connection_id, key, expires_at)
    SELECT connection_id, key, expires_at FROM incoming
    ON CONFLICT (connection_id, key) DO UPDATE SET expires_at = excluded.expires_at
        WHERE known.expires_at < now()
    RETURNING connection_id, key
),
stored AS (
    INSERT INTO event (id, connection_id, source, kind, project, state, reason, body, seal)
    SELECT id, connection_id, source, kind, project, state, reason, body, seal
    FROM incoming JOIN fresh USING (connection_id, key)
    RETURNING id
),
assigned AS (
    INSERT INTO assignment (event_id, consumer_id, lane_id)
    SELECT route.event_id, route.consumer_id, route.lane_id
    FROM unnest(%(route_events)s::bigint[], %(route_consumers)s::bigint[], %(route_lanes)s::bigint[])
        AS route (event_id, consumer_id, lane_id)
    JOIN stored ON stored.id = route.event_id
)
SELECT id FROM stored
