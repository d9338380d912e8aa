UPDATE lane SET held_until = COALESCE(%(until)s, 'infinity'::timestamptz), held_state = %(state)s, held_why = %(why)s
WHERE id = %(lane)s AND epoch = %(epoch)s
