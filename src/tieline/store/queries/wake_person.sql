-- Whatever a person waits for is looked at now.
UPDATE assignment SET due_at = now(), reason = %(reason)s
WHERE person_id = %(person)s AND consumer_id = %(consumer)s AND state = 'waiting'
RETURNING event_id
