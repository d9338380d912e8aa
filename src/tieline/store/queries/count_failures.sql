-- How many a replay would take up, by cause.
SELECT cause.id, cause.title, cause.operation, count(*), max(failure.id)
FROM failure JOIN cause ON cause.id = failure.cause_id JOIN event ON event.id = failure.event_id
WHERE failure.state = 'open'
    AND (%(cause)s::bigint IS NULL OR failure.cause_id = %(cause)s)
    AND (%(consumer)s::bigint IS NULL OR failure.consumer_id = %(consumer)s)
    AND (%(connection)s::bigint IS NULL OR event.connection_id = %(connection)s)
    AND (%(person)s::bigint IS NULL OR failure.person_id = %(person)s)
    AND (%(since)s::timestamptz IS NULL OR failure.failed_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR failure.failed_at < %(until)s)
    AND (%(cause)s::bigint IS NOT NULL OR cause.ignored_at IS NULL)
GROUP BY cause.id ORDER BY cause.id
