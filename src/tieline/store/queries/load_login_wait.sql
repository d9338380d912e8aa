SELECT free_at FROM login_attempt WHERE kind = %(kind)s AND key = %(key)s
