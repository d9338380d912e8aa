-- Dead assignments wait again, due now; whatever happened with them is forgotten, else they would pass for repeats.
-- `edited`: copies of these events are taken up instead.
WITH taken AS (
    UPDATE failure SET state = CASE WHEN given.copy IS NULL THEN 'retried' ELSE 'replaced' END, replaced_by = given.copy
    FROM unnest(%(failures)s::bigint[], %(copies)s::bigint[]) AS given (id, copy)
    WHERE failure.id = given.id AND failure.state = 'open'
    RETURNING failure.cause_id, failure.event_id, failure.consumer_id, failure.occurrence, failure.replaced_by
), revived AS (
    UPDATE assignment SET tries = 0, replay_id = %(replay)s,
        state = CASE WHEN taken.replaced_by IS NULL THEN 'waiting' ELSE 'skipped' END,
        due_at = CASE WHEN taken.replaced_by IS NULL THEN now() END,
        reason = CASE WHEN taken.replaced_by IS NULL THEN 'taken up again'
                      ELSE 'replaced by event ' || taken.replaced_by END,
        ended_at = CASE WHEN taken.replaced_by IS NULL THEN NULL ELSE now() END
    FROM taken
    WHERE assignment.event_id = taken.event_id AND assignment.consumer_id = taken.consumer_id
        AND assignment.state = 'dead'
    RETURNING assignment.lane_id
), forgotten AS (
    DELETE FROM occurrence USING taken
    WHERE occurrence.consumer_id = taken.consumer_id AND occurrence.key = taken.occurrence
), counted AS (
    UPDATE cause SET open = open - less.n
    FROM (SELECT cause_id, count(*) AS n FROM taken GROUP BY cause_id) AS less WHERE cause.id = less.cause_id
)
SELECT DISTINCT lane_id FROM revived
