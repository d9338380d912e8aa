SELECT effect.id, idempotency_key, consumer_id, person_id, event_id, operation, state, input, tries, absent_at, result_id,
       reason, side, seal, person.key, effect.created_at
FROM effect LEFT JOIN person ON person.id = seal
WHERE person_id = %(person)s AND state IN ('intent', 'unknown') ORDER BY effect.id
