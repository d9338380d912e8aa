-- Linked people whom this round has not looked at yet, those that changed last first, each with a project of theirs.
SELECT linked.record_id, max(sync.project)
FROM linked
JOIN sync ON sync.id = linked.consumer_id
LEFT JOIN swept AS look
    ON look.connection_id = %(connection)s AND look.stream = 'contact' AND look.record_id = linked.record_id
WHERE linked.consumer_id = ANY(%(consumers)s) AND linked.side = %(side)s
    AND (look.seen_at IS NULL OR look.seen_at < %(began)s)
GROUP BY linked.record_id
ORDER BY max(linked.updated_at) DESC, linked.record_id
LIMIT %(limit)s
