SELECT id, key FROM person WHERE id = ANY(%(persons)s)
