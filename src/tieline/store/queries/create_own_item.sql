-- Nothing where one was made by this reference before.
INSERT INTO own_item (id, connection_id, project, person, kind, body, reference, seal)
VALUES (%(id)s, %(connection)s, %(project)s, %(person)s, %(kind)s, %(body)s, %(reference)s, %(seal)s)
ON CONFLICT (connection_id, reference) DO NOTHING
RETURNING id, connection_id, project, person, kind, body, reference, version, created_at, updated_at, deleted_at, seal
