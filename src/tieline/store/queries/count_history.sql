-- What became of the events of a backfill between two of them: assignments by how they stand, and writes by operation;
-- found = a creation that was answered with the record that was there.
WITH mine AS MATERIALIZED (
    SELECT assignment.event_id, assignment.state FROM assignment JOIN event ON event.id = assignment.event_id
    WHERE assignment.event_id > %(after)s AND assignment.event_id <= %(upto)s
        AND assignment.consumer_id = %(consumer)s AND event.source = 'backfill'
)
SELECT 'end', state, count(*) FROM mine GROUP BY state
UNION ALL
SELECT CASE WHEN EXISTS (SELECT FROM attempt WHERE effect_id = effect.id AND outcome = 'adopted') THEN 'found'
            ELSE 'write' END, side || ':' || operation, count(*)
FROM effect JOIN mine USING (event_id)
WHERE effect.consumer_id = %(consumer)s AND effect.state = 'confirmed' GROUP BY 1, 2
