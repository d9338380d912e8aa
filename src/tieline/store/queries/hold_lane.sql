-- What the far side said of itself stands: calls that fail because the app is gone tell nothing new. Nor does what
-- was refused to an older version of the connection.
UPDATE lane SET held_until = COALESCE(now() + make_interval(secs => %(after_s)s), 'infinity'), held_state = %(state)s,
    held_why = %(why)s, held_since = CASE
        -- Tried for a moment meanwhile, and in vain.
        WHEN held_until > now() - interval '2 minutes' AND held_state = %(state)s THEN COALESCE(held_since, now())
        ELSE now() END
WHERE id = %(lane)s AND epoch = %(epoch)s AND (held_state IS DISTINCT FROM 'uninstalled' OR held_until < 'infinity')
  AND NOT EXISTS (
      SELECT FROM connection WHERE id = %(connection)s::bigint AND connection.version > %(version)s::bigint)
