-- Linked people of whom something was missed long enough ago to look once more, each with a project of theirs.
SELECT swept.contact_id, max(sync.project)
FROM swept
JOIN linked ON linked.consumer_id = ANY(%(consumers)s) AND linked.side = %(side)s
    AND linked.record_id = swept.contact_id
JOIN sync ON sync.id = linked.consumer_id
WHERE swept.connection_id = %(connection)s AND swept.missed_at <= %(before)s AND swept.stream = ANY(%(streams)s)
GROUP BY 1
LIMIT %(limit)s
