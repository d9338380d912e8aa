SELECT id, event_id, operation, side, state, tries, result_id, reason FROM effect WHERE id = ANY(%(effects)s)
