SELECT id, idempotency_key, consumer_id, person_id, event_id, operation, state, input, tries, absent_at, result_id,
       reason, side
FROM effect WHERE person_id = %(person)s AND state IN ('intent', 'unknown') ORDER BY id
