WITH due AS (
    SELECT id FROM lane
    WHERE ready_at <= now() AND held_until <= now() AND lease_until < now()
    ORDER BY ready_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE lane SET owner = %(owner)s, epoch = epoch + 1, lease_until = clock_timestamp() + %(lease)s
FROM due WHERE lane.id = due.id
RETURNING lane.id, lane.epoch
