-- A question that stands is not asked again; a settled one keeps its answer.
INSERT INTO conflict (consumer_id, person_id, kind, key, details, seal)
SELECT * FROM unnest(
    %(consumers)s::bigint[], %(persons)s::bigint[], %(kinds)s::text[], %(keys)s::bytea[], %(details)s::bytea[],
    %(seals)s::bigint[])
ON CONFLICT (consumer_id, key) DO UPDATE SET details = excluded.details, seal = excluded.seal
    WHERE conflict.state = 'open'
