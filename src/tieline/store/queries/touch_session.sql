UPDATE session SET seen_at = %(now)s WHERE digest = %(digest)s AND seen_at < %(now)s
