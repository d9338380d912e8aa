-- How effects stand now: known ones are brought up to date, idempotent ones (no intent before) are new here.
INSERT INTO effect AS known (id, idempotency_key, lane_id, consumer_id, person_id, event_id, operation, state, input,
                             tries, absent_at, result_id, reason, ended_at, side, seal)
SELECT * FROM unnest(
    %(ids)s::bigint[], %(keys)s::text[], %(lanes)s::bigint[], %(consumers)s::bigint[], %(persons)s::bigint[],
    %(events)s::bigint[], %(operations)s::text[], %(states)s::text[], %(inputs)s::bytea[], %(tries)s::int[],
    %(absences)s::timestamptz[], %(results)s::text[], %(reasons)s::text[], %(ends)s::timestamptz[],
    %(sides)s::text[], %(seals)s::bigint[])
ON CONFLICT (id) DO UPDATE SET state = excluded.state, tries = excluded.tries, absent_at = excluded.absent_at,
    result_id = excluded.result_id, reason = excluded.reason, ended_at = excluded.ended_at
