-- Those that are open, of a cause or of themselves; nobody is asked about them any more.
WITH taken AS (
    UPDATE failure SET state = 'ignored'
    WHERE state = 'open' AND (id = ANY(%(failures)s::bigint[]) OR cause_id = %(cause)s)
    RETURNING cause_id
)
UPDATE cause SET open = open - less.n
FROM (SELECT cause_id, count(*) AS n FROM taken GROUP BY cause_id) AS less WHERE cause.id = less.cause_id
RETURNING less.n
