-- A new one takes the place of the last one of its kind, unless that still runs or is paused.
INSERT INTO backfill AS known (sync_id, kind, lane_id, since, sample, counted)
SELECT sync.id, %(kind)s, consumer.lane_id, %(since)s, %(sample)s, COALESCE((SELECT max(id) FROM event), 0)
FROM sync JOIN consumer USING (id) WHERE sync.name = %(name)s
ON CONFLICT (sync_id, kind) DO UPDATE SET lane_id = excluded.lane_id, state = 'running', since = excluded.since,
    sample = excluded.sample, phase = '', cursor = '{}', progress = '{}', tally = '{}', counted = excluded.counted,
    calls = 0, report = NULL, version = known.version + 1, due_at = now(), failures = 0, reason = NULL,
    started_at = now(), paused_at = NULL, paused_s = 0, ended_at = NULL
WHERE known.state NOT IN ('running', 'paused')
RETURNING sync_id
