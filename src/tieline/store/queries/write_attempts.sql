INSERT INTO attempt (effect_id, number, started_at, duration_ms, outcome, status, trace_id, reason)
SELECT * FROM unnest(
    %(effects)s::bigint[], %(numbers)s::int[], %(starts)s::timestamptz[], %(durations)s::float8[],
    %(outcomes)s::text[], %(statuses)s::int[], %(traces)s::text[], %(reasons)s::text[])
ON CONFLICT DO NOTHING
