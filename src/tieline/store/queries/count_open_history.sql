-- Assignments of a backfill that have not ended, up to a limit; those among them that are due; and the first event of
-- them all.
SELECT count(*), count(*) FILTER (WHERE due_at <= now()), min(event_id) FROM (
    SELECT assignment.event_id, assignment.due_at FROM assignment JOIN event ON event.id = assignment.event_id
    WHERE assignment.lane_id = %(lane)s AND assignment.state = 'waiting' AND assignment.consumer_id = %(consumer)s
        AND event.source = 'backfill'
    LIMIT %(limit)s
) AS open
