-- Whose these keys are.
SELECT digest, person_id FROM person_key WHERE lane_id = %(lane)s AND digest = ANY(%(digests)s)
