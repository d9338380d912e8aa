SELECT id, lane_id, kind, input, tries FROM errand
WHERE state = 'ready' AND lane_id = ANY(%(lanes)s) AND due_at <= now() ORDER BY due_at, id LIMIT 20
