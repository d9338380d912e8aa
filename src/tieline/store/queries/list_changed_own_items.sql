SELECT id, connection_id, project, person, kind, body, reference, version, created_at, updated_at, deleted_at, seal
FROM own_item
WHERE connection_id = %(connection)s AND (updated_at, id) > (%(since)s::timestamptz, %(after)s::text)
ORDER BY updated_at, id LIMIT %(limit)s
