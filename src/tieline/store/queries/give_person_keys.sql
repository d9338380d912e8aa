-- People who were known before there were keys; a key that somebody else gave meanwhile stands.
INSERT INTO person (id, lane_id, key)
SELECT * FROM unnest(%(persons)s::bigint[], %(lanes)s::bigint[], %(keys)s::bytea[])
ON CONFLICT (id) DO UPDATE SET key = COALESCE(person.key, excluded.key)
RETURNING id, key
