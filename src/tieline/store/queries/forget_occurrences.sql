-- Else an event that is taken up again would be taken for a second telling of itself.
DELETE FROM occurrence WHERE consumer_id = %(consumer)s AND event_id = ANY(%(events)s)
