UPDATE assignment SET state = row.state, person_id = row.person_id, due_at = row.due_at, tries = row.tries,
    reason = row.reason, ended_at = CASE WHEN row.state = 'waiting' THEN NULL ELSE now() END
FROM unnest(
    %(events)s::bigint[], %(consumers)s::bigint[], %(states)s::text[], %(persons)s::bigint[],
    %(dues)s::timestamptz[], %(tries)s::int[], %(reasons)s::text[]
) AS row (event_id, consumer_id, state, person_id, due_at, tries, reason)
WHERE assignment.event_id = row.event_id AND assignment.consumer_id = row.consumer_id
