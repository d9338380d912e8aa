SELECT number, side, operation, method, path, record_id, refused, body, sync_id, seal FROM preview_write
JOIN sync ON sync.id = sync_id
WHERE sync.name = %(name)s AND number > %(after)s ORDER BY number LIMIT %(limit)s
