-- What a whole look did not meet, except what was told as gone before.
SELECT record_id, contact_id, digest, seen_at, missed_at
FROM swept
WHERE connection_id = %(connection)s AND stream = %(stream)s AND seen_at < %(began)s AND digest <> ''
