SELECT effect_id, number, started_at, duration_ms, outcome, status, trace_id, reason FROM attempt
WHERE effect_id = ANY(%(effects)s) ORDER BY effect_id, number
