-- Behind write_causes, which holds the rows. A failure that stands open already is the same one, written again.
WITH added AS (
    INSERT INTO failure AS known (cause_id, event_id, consumer_id, effect_id, person_id, occurrence)
    SELECT cause.id, row.event_id, row.consumer_id, row.effect_id, row.person_id, row.occurrence
    FROM unnest(
        %(keys)s::bytea[], %(events)s::bigint[], %(consumers)s::bigint[], %(effects)s::bigint[], %(persons)s::bigint[],
        %(occurrences)s::bytea[]
    ) AS row (key, event_id, consumer_id, effect_id, person_id, occurrence)
    JOIN cause ON cause.key = row.key
    ON CONFLICT (event_id, consumer_id) DO UPDATE SET cause_id = excluded.cause_id, effect_id = excluded.effect_id,
        person_id = excluded.person_id, occurrence = excluded.occurrence, replaced_by = NULL,
        state = 'open', failed_at = now()
        WHERE known.state <> 'open'
    RETURNING cause_id
)
UPDATE cause SET open = open + counted.n, total = total + counted.n
FROM (SELECT cause_id, count(*) AS n FROM added GROUP BY cause_id) AS counted
WHERE cause.id = counted.cause_id
