-- A lane that is not returned was lost. Locked in id order, as every statement over several lanes does.
WITH held AS (
    SELECT lane.id FROM lane
    JOIN unnest(%(ids)s::bigint[], %(epochs)s::bigint[]) AS mine (id, epoch) USING (id, epoch)
    ORDER BY lane.id
    FOR NO KEY UPDATE OF lane
)
UPDATE lane SET lease_until = clock_timestamp() + %(lease)s FROM held WHERE lane.id = held.id
RETURNING lane.id
