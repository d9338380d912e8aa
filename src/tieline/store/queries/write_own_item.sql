-- Its time always rises, so that the later of two states is provably the later one.
UPDATE own_item SET body = %(body)s, seal = %(seal)s, version = version + 1,
    updated_at = GREATEST(clock_timestamp(), updated_at + interval '1 millisecond'),
    deleted_at = CASE WHEN %(deleted)s THEN clock_timestamp() END
WHERE id = %(id)s AND version = %(version)s AND deleted_at IS NULL
RETURNING id, connection_id, project, person, kind, body, reference, version, created_at, updated_at, deleted_at, seal
