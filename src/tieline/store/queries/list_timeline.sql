-- The youngest entries of a person before a mark: 0 an event, 1 a line of the history, 2 an effect, 3 a decision.
-- Only their places; the page is small, and is filled by the queries beside this one.
WITH told AS MATERIALIZED (
    SELECT assignment.event_id, consumer_id, COALESCE(received_at, ended_at, '-infinity') AS received_at, ended_at
    FROM assignment LEFT JOIN event ON event.id = event_id
    WHERE person_id = %(person)s AND consumer_id = ANY(%(consumers)s)
),
entry (at, sort, id, consumer_id) AS (
    SELECT min(received_at), 0, event_id, min(consumer_id) FROM told GROUP BY event_id
    UNION ALL
    SELECT at, 1, id, consumer_id FROM history WHERE person_id = %(person)s AND consumer_id = ANY(%(consumers)s)
    UNION ALL
    SELECT COALESCE((SELECT min(started_at) FROM attempt WHERE effect_id = effect.id), created_at), 2, effect.id,
           effect.consumer_id
    FROM told JOIN effect ON effect.event_id = told.event_id AND effect.consumer_id = told.consumer_id
        AND effect.person_id = %(person)s
    UNION ALL
    SELECT COALESCE(ended_at, received_at), 3, event_id, consumer_id FROM told
)
SELECT at, sort, id, consumer_id FROM entry
WHERE %(at)s::timestamptz IS NULL
    OR (at, sort, id, consumer_id) < (%(at)s, %(sort)s::int, %(id)s::bigint, %(consumer)s::bigint)
ORDER BY at DESC, sort DESC, id DESC, consumer_id DESC LIMIT %(limit)s
