SELECT sync_id, kind, backfill.lane_id, state, since, sample, phase, cursor, progress, tally, counted, calls, report,
       backfill.version, reason, started_at, ended_at,
       extract(epoch FROM COALESCE(ended_at, paused_at, now()) - started_at) - paused_s, sync.name
FROM backfill JOIN sync ON sync.id = sync_id
WHERE (%(sync)s::bigint IS NULL OR sync_id = %(sync)s) AND (%(name)s::text IS NULL OR sync.name = %(name)s)
    AND kind = %(kind)s
