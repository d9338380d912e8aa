SELECT event_id, consumer_id, state, reason, tries, due_at, ended_at FROM assignment
WHERE event_id = ANY(%(events)s) AND consumer_id = ANY(%(consumers)s)
