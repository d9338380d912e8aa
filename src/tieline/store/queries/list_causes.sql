-- The causes that have something open, the most recent first; counted in their own rows.
SELECT cause.id, cause.kind, sync.name, connection.name, operation, outcome, status, title, field, open, total,
       first_seen, last_seen, ignored_at, ignored_by, ignored_reason
FROM cause
LEFT JOIN sync ON sync.id = cause.consumer_id
LEFT JOIN connection ON connection.id = COALESCE(cause.connection_id, sync.target_connection_id)
WHERE (open > 0 OR %(all)s) AND (ignored_at IS NULL OR %(ignored)s)
    AND (%(id)s::bigint IS NULL OR cause.id = %(id)s)
    AND (%(sync)s::text IS NULL OR sync.name = %(sync)s)
    AND (%(before)s::bigint IS NULL OR (cause.last_seen, cause.id) <
         (SELECT at.last_seen, at.id FROM cause AS at WHERE at.id = %(before)s))
ORDER BY cause.last_seen DESC, cause.id DESC LIMIT %(limit)s
