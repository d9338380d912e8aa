-- In key order, so that two commits cannot wait for each other.
INSERT INTO cause (key, kind, consumer_id, connection_id, operation, outcome, status, title, field)
SELECT * FROM unnest(
    %(keys)s::bytea[], %(kinds)s::text[], %(consumers)s::bigint[], %(connections)s::bigint[], %(operations)s::text[],
    %(outcomes)s::text[], %(statuses)s::int[], %(titles)s::text[], %(fields)s::text[])
ON CONFLICT (key) DO UPDATE SET last_seen = now()
