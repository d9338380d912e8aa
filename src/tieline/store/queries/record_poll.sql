UPDATE poll SET cursor = COALESCE(%(cursor)s::jsonb, cursor), due_at = now() + make_interval(secs => %(wait_s)s),
    failures = CASE WHEN %(reason)s::text IS NULL THEN 0 ELSE failures + 1 END, reason = %(reason)s,
    ok_at = CASE WHEN %(reason)s::text IS NULL THEN now() ELSE ok_at END
WHERE connection_id = %(connection)s AND stream = %(stream)s AND project = %(project)s
