SELECT record_id, contact_id, digest, seen_at, missed_at
FROM swept WHERE connection_id = %(connection)s AND stream = %(stream)s AND record_id = ANY(%(ids)s)
