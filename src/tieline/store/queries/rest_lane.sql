UPDATE lane SET ready_at = COALESCE(%(due)s, 'infinity'::timestamptz),
    owner = CASE WHEN %(release)s THEN NULL ELSE owner END,
    lease_until = CASE WHEN %(release)s THEN '-infinity'::timestamptz ELSE lease_until END
WHERE id = %(lane)s
