UPDATE backfill SET due_at = now() + make_interval(secs => %(wait_s)s), reason = %(reason)s,
    failures = CASE WHEN %(reason)s::text IS NULL THEN 0 ELSE failures + 1 END
WHERE sync_id = %(sync)s AND kind = %(kind)s AND state = 'running'
