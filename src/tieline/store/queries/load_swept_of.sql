SELECT stream, record_id, contact_id, digest, seen_at, missed_at
FROM swept
WHERE connection_id = %(connection)s AND contact_id = %(contact)s AND stream = ANY(%(streams)s)
