SELECT id, at, side, what, subject, record_id, event_id, fields FROM history WHERE id = ANY(%(lines)s)
