-- When the lane has work next (NULL = never) and whether that is now: behind the lanes that have waited longer. Run in the statement after the row was locked.
SELECT due_at, due_at <= clock_timestamp() FROM (SELECT CASE
    WHEN EXISTS (SELECT FROM assignment WHERE lane_id = %(lane)s AND state = 'ready') THEN now()
    ELSE LEAST(
        (SELECT min(due_at) FROM assignment WHERE lane_id = %(lane)s AND state = 'waiting'),
        (SELECT min(due_at) FROM poll WHERE lane_id = %(lane)s),
        (SELECT min(due_at) FROM backfill WHERE lane_id = %(lane)s AND state = 'running'),
        (SELECT min(due_at) FROM errand WHERE lane_id = %(lane)s AND state = 'ready')
    )
END AS due_at) AS next
