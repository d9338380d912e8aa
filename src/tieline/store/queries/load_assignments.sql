-- Per lane: what fell due again, then what is new behind the mark, oldest first.
SELECT taken.lane_id, taken.event_id, taken.consumer_id, taken.state, taken.person_id, taken.tries,
       event.connection_id, event.kind, event.project, event.body, event.seal,
       event.source, taken.replay_id IS NOT NULL AS replayed
FROM unnest(%(lanes)s::bigint[], %(marks)s::bigint[], %(limits)s::int[], %(waited)s::int[])
    AS wanted (lane_id, mark, room, waited)
CROSS JOIN LATERAL (
    (SELECT * FROM assignment AS due
     WHERE due.lane_id = wanted.lane_id AND due.state = 'waiting' AND due.due_at <= now()
         AND due.event_id <> ALL(%(held)s::bigint[])
     ORDER BY due.due_at, due.event_id LIMIT LEAST(wanted.room, wanted.waited))
    UNION ALL
    (SELECT * FROM assignment AS fresh
     WHERE fresh.lane_id = wanted.lane_id AND fresh.state = 'ready' AND fresh.event_id > wanted.mark
     ORDER BY fresh.event_id LIMIT wanted.room)
) AS taken
JOIN event ON event.id = taken.event_id
ORDER BY taken.event_id
