-- Who told of these events, and when.
SELECT event.id, connection.name, source, kind, received_at
FROM event LEFT JOIN connection ON connection.id = connection_id WHERE event.id = ANY(%(events)s)
