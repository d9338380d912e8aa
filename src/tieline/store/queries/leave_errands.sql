INSERT INTO errand (lane_id, kind, input)
SELECT * FROM unnest(%(lanes)s::bigint[], %(kinds)s::text[], %(inputs)s::bytea[])
RETURNING id
