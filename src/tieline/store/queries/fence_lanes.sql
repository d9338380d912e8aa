-- The lanes still ours, locked against a take-over until this transaction ends.
SELECT lane.id FROM lane
JOIN unnest(%(ids)s::bigint[], %(epochs)s::bigint[]) AS mine (id, epoch) USING (id, epoch)
ORDER BY lane.id
FOR SHARE OF lane
