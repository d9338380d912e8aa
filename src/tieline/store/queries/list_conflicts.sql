-- The youngest questions, or the one of that number.
SELECT conflict.id, sync.name, conflict.person_id, conflict.state, conflict.created_at, conflict.settled_at,
       conflict.details, conflict.choice, conflict.seal, person.key, conflict.consumer_id, conflict.key
FROM conflict LEFT JOIN sync ON sync.id = conflict.consumer_id LEFT JOIN person ON person.id = conflict.seal
WHERE (%(id)s::bigint IS NULL OR conflict.id = %(id)s)
    AND (%(state)s::text IS NULL OR conflict.state = %(state)s)
    AND (%(sync)s::text IS NULL OR sync.name = %(sync)s)
ORDER BY conflict.id DESC LIMIT %(limit)s
