-- Of today and yesterday: events that we found ourselves, and that a consumer took for news. Counted anew each time,
-- so that nothing is counted twice; what was counted stays, also when its events are dropped.
INSERT INTO sweep_found AS known (connection_id, kind, day, count)
SELECT event.connection_id, event.kind, (event.received_at AT TIME ZONE 'UTC')::date, count(*)
FROM event
WHERE event.connection_id = %(connection)s AND event.source = 'poll'
    AND event.received_at >= date_trunc('day', now(), 'UTC') - interval '1 day'
    AND EXISTS (SELECT FROM assignment WHERE assignment.event_id = event.id AND assignment.state = 'done'
                AND COALESCE(assignment.reason, '') NOT LIKE 'echo%%')
GROUP BY 1, 2, 3
ON CONFLICT (connection_id, day, kind) DO UPDATE SET count = GREATEST(known.count, excluded.count)
