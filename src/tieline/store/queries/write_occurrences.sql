INSERT INTO occurrence (consumer_id, key, event_id)
SELECT * FROM unnest(%(consumers)s::bigint[], %(keys)s::bytea[], %(events)s::bigint[])
ON CONFLICT DO NOTHING
