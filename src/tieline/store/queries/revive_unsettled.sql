-- Events that ended with a question are taken up again; the condition is that of the index assignment_unsettled.
UPDATE assignment SET state = 'waiting', due_at = now(), tries = 0, reason = %(reason)s, ended_at = NULL
WHERE person_id = %(person)s AND consumer_id = %(consumer)s
    AND state IN ('done', 'dead', 'skipped') AND strpos(reason, ' conflict: ') > 0
    AND starts_with(reason, %(beginning)s)
RETURNING event_id
