-- A lane that is not returned was lost.
UPDATE lane SET lease_until = clock_timestamp() + %(lease)s
FROM unnest(%(ids)s::bigint[], %(epochs)s::bigint[]) AS mine (id, epoch)
WHERE lane.id = mine.id AND lane.epoch = mine.epoch
RETURNING lane.id
