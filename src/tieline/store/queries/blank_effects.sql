-- That they were made, when and how often tried, stays. One whose outcome is not known is not looked for any more, of
-- whatever event it is: a turn that is under way has not said yet whose that event is.
WITH theirs AS (
    SELECT effect.id FROM unnest(%(events)s::bigint[]) AS of_event (id)
    JOIN effect ON effect.event_id = of_event.id AND effect.person_id = ANY(%(persons)s)
    UNION
    SELECT id FROM effect WHERE person_id = ANY(%(persons)s) AND state IN ('intent', 'unknown')
), blanked AS (
    UPDATE effect SET input = '', seal = -1, result_id = NULL, reason = NULL, idempotency_key = 'erased:' || effect.id,
        state = CASE WHEN effect.state = 'confirmed' THEN 'confirmed' ELSE 'dropped' END,
        ended_at = COALESCE(effect.ended_at, now())
    FROM theirs WHERE effect.id = theirs.id
    RETURNING effect.id
)
UPDATE attempt SET reason = NULL FROM blanked WHERE attempt.effect_id = blanked.id
