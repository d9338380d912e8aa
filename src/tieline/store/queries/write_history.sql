INSERT INTO history (id, consumer_id, person_id, at, side, what, subject, record_id, event_id, fields)
SELECT * FROM unnest(
    %(ids)s::bigint[], %(consumers)s::bigint[], %(persons)s::bigint[], %(moments)s::timestamptz[], %(sides)s::text[],
    %(whats)s::text[], %(subjects)s::text[], %(records)s::text[], %(events)s::bigint[], %(fields)s::bytea[])
ON CONFLICT (id) DO NOTHING
