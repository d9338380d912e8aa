SELECT id, connection_id, project, person, kind, body, reference, version, created_at, updated_at, deleted_at, seal
FROM own_item
WHERE connection_id = %(connection)s AND person = %(person)s AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    AND (%(deleted)s OR deleted_at IS NULL)
ORDER BY created_at, id
