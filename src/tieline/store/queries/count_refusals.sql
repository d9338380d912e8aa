INSERT INTO refusal AS known (connection_id, reason, minute, count)
SELECT connection_id, reason, date_trunc('minute', now()), count
FROM unnest(%(connections)s::bigint[], %(reasons)s::text[], %(counts)s::bigint[]) AS row (connection_id, reason, count)
ON CONFLICT (connection_id, reason, minute) DO UPDATE SET count = known.count + excluded.count
