SELECT connection_id, stream, project, lane_id, every_s, cursor, failures
FROM poll WHERE lane_id = ANY(%(lanes)s) AND due_at <= now()
