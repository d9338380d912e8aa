-- One that was told of, or written, since its last look counts as not met: it may have been put back to what that saw.
SELECT stream, record_id, contact_id,
       CASE WHEN digest <> '' AND (
           EXISTS (SELECT FROM sync JOIN item ON item.consumer_id = sync.id AND item.kind = swept.stream
                       AND item.contacts_api_id = swept.record_id
                   -- The CRM's list leaves out parts of an appointment: each would be read again for nothing.
                   WHERE sync.target_connection_id = %(connection)s AND swept.stream <> 'appointment'
                       AND item.updated_at > swept.seen_at)
           OR EXISTS (SELECT FROM sync JOIN item ON item.consumer_id = sync.id AND item.kind = swept.stream
                          AND item.nimbata_id = swept.record_id
                      WHERE sync.source_connection_id = %(connection)s
                          AND item.updated_at > swept.seen_at)
       ) THEN '\x01'::bytea ELSE digest END AS digest, seen_at, missed_at
FROM swept
WHERE connection_id = %(connection)s AND contact_id = %(contact)s AND stream = ANY(%(streams)s)
