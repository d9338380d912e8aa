INSERT INTO person (id, lane_id, key)
SELECT * FROM unnest(%(ids)s::bigint[], %(lanes)s::bigint[], %(keys)s::bytea[])
ON CONFLICT DO NOTHING
