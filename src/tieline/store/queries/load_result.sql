SELECT result_id FROM effect WHERE idempotency_key = %(key)s
