SELECT consumer_id, key
FROM occurrence JOIN unnest(%(consumers)s::bigint[], %(keys)s::bytea[]) AS wanted (consumer_id, key)
    USING (consumer_id, key)
