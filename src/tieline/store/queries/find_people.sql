SELECT DISTINCT person_id, lane_id FROM person_key
WHERE lane_id = ANY(%(lanes)s) AND digest = ANY(%(digests)s)
ORDER BY person_id LIMIT %(limit)s
