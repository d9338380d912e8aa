-- What was seen and written of a person in one sync, in order; at most `limit` lines.
SELECT history.id, at, side, what, subject, record_id, event_id, fields, seal, key
FROM history LEFT JOIN person ON person.id = seal
WHERE person_id = %(person)s AND consumer_id = %(consumer)s
ORDER BY at, history.id LIMIT %(limit)s
