INSERT INTO person (id, lane_id)
SELECT * FROM unnest(%(ids)s::bigint[], %(lanes)s::bigint[])
ON CONFLICT DO NOTHING
