-- What nobody mended in all that time, and causes that have nothing left.
WITH old AS (
    DELETE FROM failure WHERE failed_at < now() - make_interval(days => (SELECT keep_days FROM failure_keeping))
    RETURNING cause_id, state
), counted AS (
    UPDATE cause SET open = open - less.n
    FROM (SELECT cause_id, count(*) FILTER (WHERE state = 'open') AS n FROM old GROUP BY cause_id) AS less
    WHERE cause.id = less.cause_id
)
DELETE FROM cause
WHERE open = 0 AND last_seen < now() - make_interval(days => (SELECT keep_days FROM failure_keeping))
    AND NOT EXISTS (SELECT FROM failure WHERE failure.cause_id = cause.id)
