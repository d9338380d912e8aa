INSERT INTO swept AS known (connection_id, stream, record_id, contact_id, digest, seen_at, missed_at)
SELECT %(connection)s, stream, record_id, contact_id, digest, seen_at, missed_at
FROM unnest(
    %(streams)s::text[], %(records)s::text[], %(contacts)s::text[], %(digests)s::bytea[], %(seen)s::timestamptz[],
    %(missed)s::timestamptz[]
) AS row (stream, record_id, contact_id, digest, seen_at, missed_at)
ON CONFLICT (connection_id, stream, record_id) DO UPDATE
SET contact_id = excluded.contact_id, digest = excluded.digest, seen_at = excluded.seen_at,
    missed_at = excluded.missed_at
