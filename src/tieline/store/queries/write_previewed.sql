INSERT INTO preview_write (sync_id, number, side, operation, method, path, record_id, refused, body, seal)
SELECT %(sync)s, * FROM unnest(%(numbers)s::bigint[], %(sides)s::text[], %(operations)s::text[], %(methods)s::text[],
    %(paths)s::text[], %(records)s::text[], %(refused)s::boolean[], %(bodies)s::bytea[], %(seals)s::bigint[])
