SELECT id, connection_id, project, person, kind, body, reference, version, created_at, updated_at, deleted_at, seal
FROM own_item WHERE id = %(id)s FOR NO KEY UPDATE
