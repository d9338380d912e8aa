-- Of these keys, those of people who were erased.
SELECT wanted.lane_id, wanted.digest
FROM unnest(%(lanes)s::bigint[], %(digests)s::bytea[]) AS wanted (lane_id, digest)
JOIN tombstone ON tombstone.digest = wanted.digest AND tombstone.lane_id IN (0, wanted.lane_id)
