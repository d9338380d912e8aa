-- Of these records, those that are linked to other people.
SELECT digest FROM person_key
WHERE lane_id = %(lane)s AND digest = ANY(%(digests)s) AND person_id <> %(person)s
