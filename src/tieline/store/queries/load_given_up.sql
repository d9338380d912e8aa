-- Which of these commands were given up.
SELECT idempotency_key FROM effect WHERE idempotency_key = ANY(%(keys)s::text[]) AND state = 'dead'
