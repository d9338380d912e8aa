-- People that a walk goes round: those whom some sync links with a record of that connection.
SELECT place.connection_id, count(DISTINCT linked.record_id)
FROM sync
CROSS JOIN LATERAL (
    VALUES ('contacts_api', sync.target_connection_id), ('nimbata', sync.source_connection_id)
) AS place (side, connection_id)
JOIN linked ON linked.consumer_id = sync.id AND linked.side = place.side
WHERE place.connection_id = ANY(%(connections)s)
GROUP BY 1
