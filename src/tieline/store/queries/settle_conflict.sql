UPDATE conflict SET state = 'settled', choice = %(choice)s, settled_at = clock_timestamp() WHERE id = %(id)s
