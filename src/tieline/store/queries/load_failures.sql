-- Open failures behind a cursor, as a replay or a list wants them.
SELECT failure.id, failure.event_id, failure.consumer_id, failure.effect_id, failure.failed_at, cause.id, cause.kind,
       cause.operation, event.kind, event.connection_id, event.project, event.body, event.seal
FROM failure JOIN cause ON cause.id = failure.cause_id JOIN event ON event.id = failure.event_id
WHERE failure.state = 'open' AND failure.id > %(after)s AND failure.id <= %(last)s
    AND (%(among)s::bigint[] IS NULL OR failure.id = ANY(%(among)s))
    AND (%(cause)s::bigint IS NULL OR failure.cause_id = %(cause)s)
    AND (%(consumer)s::bigint IS NULL OR failure.consumer_id = %(consumer)s)
    AND (%(connection)s::bigint IS NULL OR event.connection_id = %(connection)s)
    AND (%(person)s::bigint IS NULL OR failure.person_id = %(person)s)
    AND (%(since)s::timestamptz IS NULL OR failure.failed_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR failure.failed_at < %(until)s)
    AND (%(cause)s::bigint IS NOT NULL OR %(among)s::bigint[] IS NOT NULL OR cause.ignored_at IS NULL)
ORDER BY failure.id LIMIT %(limit)s
