-- A tombstone for each key that leads to them: what names them anywhere counts everywhere, a record's id in its lane.
INSERT INTO tombstone (digest, lane_id)
SELECT digest, CASE WHEN kind IN ('phone', 'email') THEN 0 ELSE lane_id END
FROM person_key WHERE person_id = ANY(%(persons)s)
UNION
SELECT * FROM unnest(%(digests)s::bytea[], %(lanes)s::bigint[])
ON CONFLICT DO NOTHING
