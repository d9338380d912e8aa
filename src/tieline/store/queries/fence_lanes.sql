-- The lanes still ours, locked against a take-over until this transaction ends. A claim and a release take FOR UPDATE
-- and so wait or pass by; an intake that wakes the lane (NO KEY UPDATE) is not held up.
SELECT lane.id FROM lane
JOIN unnest(%(ids)s::bigint[], %(epochs)s::bigint[]) AS mine (id, epoch) USING (id, epoch)
ORDER BY lane.id
FOR KEY SHARE OF lane
