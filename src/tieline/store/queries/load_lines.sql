SELECT history.id, at, side, what, subject, record_id, event_id, fields, seal, key
FROM history LEFT JOIN person ON person.id = seal WHERE history.id = ANY(%(lines)s)
