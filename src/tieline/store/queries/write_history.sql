INSERT INTO history (id, consumer_id, person_id, at, side, what, subject, record_id, event_id, fields, seal)
SELECT * FROM unnest(
    %(ids)s::bigint[], %(consumers)s::bigint[], %(persons)s::bigint[], %(moments)s::timestamptz[], %(sides)s::text[],
    %(whats)s::text[], %(subjects)s::text[], %(records)s::text[], %(events)s::bigint[], %(fields)s::bytea[],
    %(seals)s::bigint[])
ON CONFLICT (id) DO NOTHING
