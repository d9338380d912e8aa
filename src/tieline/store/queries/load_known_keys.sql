SELECT digest FROM person_key WHERE lane_id = %(lane)s AND digest = ANY(%(digests)s)
