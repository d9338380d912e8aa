-- The input goes with the end: it may hold a code or a secret that nobody needs any more.
UPDATE errand SET state = %(state)s, tries = %(tries)s, output = %(output)s, reason = %(reason)s,
    due_at = now() + make_interval(secs => %(wait_s)s),
    input = CASE WHEN %(state)s = 'ready' THEN input ELSE '' END,
    ended_at = CASE WHEN %(state)s = 'ready' THEN NULL ELSE now() END
WHERE id = %(id)s
