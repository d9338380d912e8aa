DELETE FROM swept
WHERE connection_id = %(connection)s AND contact_id = %(contact)s AND stream = ANY(%(streams)s)
