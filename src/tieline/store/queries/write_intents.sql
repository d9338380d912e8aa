-- A key keeps its first effect. One that surely did not take place is taken up again under its old id; a repeat of
-- this very statement (its answer was lost) counts as new. Others are not returned and must not be sent.
INSERT INTO effect AS known (id, idempotency_key, lane_id, consumer_id, person_id, event_id, operation, state, input,
                             tries, absent_at, result_id, reason, ended_at, side, seal)
SELECT * FROM unnest(
    %(ids)s::bigint[], %(keys)s::text[], %(lanes)s::bigint[], %(consumers)s::bigint[], %(persons)s::bigint[],
    %(events)s::bigint[], %(operations)s::text[], %(states)s::text[], %(inputs)s::bytea[], %(tries)s::int[],
    %(absences)s::timestamptz[], %(results)s::text[], %(reasons)s::text[], %(ends)s::timestamptz[],
    %(sides)s::text[], %(seals)s::bigint[])
ON CONFLICT (idempotency_key) DO UPDATE
    SET state = excluded.state, input = excluded.input, seal = excluded.seal, event_id = excluded.event_id,
        ended_at = NULL
    WHERE known.id = excluded.id OR known.state IN ('dropped', 'dead')
RETURNING idempotency_key, id, tries
