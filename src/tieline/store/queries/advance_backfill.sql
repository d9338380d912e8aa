UPDATE backfill SET phase = %(phase)s, cursor = %(cursor)s::jsonb, progress = %(progress)s::jsonb,
    tally = %(tally)s::jsonb, counted = %(counted)s, calls = calls + %(calls)s,
    report = COALESCE(%(report)s::jsonb, report), state = %(state)s, version = version + 1,
    due_at = now() + make_interval(secs => %(again_s)s),
    ended_at = CASE WHEN %(state)s = 'running' THEN NULL ELSE now() END
WHERE sync_id = %(sync)s AND kind = %(kind)s AND version = %(version)s AND state = 'running'
