-- The owning lane alone writes its keys, so a conflict is a repeat of the same fact; the first stands.
INSERT INTO person_key (lane_id, digest, kind, person_id)
SELECT * FROM unnest(%(lanes)s::bigint[], %(digests)s::bytea[], %(kinds)s::text[], %(persons)s::bigint[])
ON CONFLICT DO NOTHING
