-- Open tasks of a location's linked people that no look has met or missed yet.
SELECT DISTINCT item.kind, item.contacts_api_id, link.contact_id
FROM sync
JOIN item ON item.consumer_id = sync.id AND item.kind = 'task' AND item.contacts_api_id IS NOT NULL
    AND item.state = 'open'
JOIN link ON link.consumer_id = item.consumer_id AND link.person_id = item.person_id AND link.state = 'open'
WHERE sync.target_connection_id = %(connection)s
    AND NOT EXISTS (SELECT FROM swept WHERE swept.connection_id = %(connection)s AND swept.stream = 'task'
                    AND swept.record_id = item.contacts_api_id)
