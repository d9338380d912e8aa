SELECT name, role, session.ends_at, seen_at FROM session JOIN account_user ON account_user.id = user_id
WHERE digest = %(digest)s AND ends_at > %(now)s AND seen_at > %(idle_since)s
