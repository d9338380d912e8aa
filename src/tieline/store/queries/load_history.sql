-- What was seen and written of a person in one sync, in order; at most `limit` lines.
SELECT id, at, side, what, subject, record_id, event_id, fields FROM history
WHERE person_id = %(person)s AND consumer_id = %(consumer)s
ORDER BY at, id LIMIT %(limit)s
