DELETE FROM swept
WHERE connection_id = %(connection)s AND stream = %(stream)s AND digest = '' AND seen_at < %(before)s
