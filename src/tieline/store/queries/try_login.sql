INSERT INTO login_attempt AS known (kind, key, failures, last_at, free_at)
VALUES (%(kind)s, %(key)s, 1, %(now)s, %(now)s)
ON CONFLICT (kind, key) DO UPDATE SET
    failures = CASE WHEN known.last_at < %(forgotten)s THEN 1 ELSE known.failures + 1 END,
    last_at = %(now)s,
    free_at = %(now)s + CASE WHEN known.last_at < %(forgotten)s OR known.failures + 1 < %(allowed)s THEN interval '0'
        ELSE make_interval(secs => LEAST(%(longest_s)s, power(2, LEAST(known.failures + 1 - %(allowed)s, 20)))) END
WHERE known.free_at <= %(now)s
RETURNING failures
