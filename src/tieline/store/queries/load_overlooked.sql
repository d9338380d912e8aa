-- Open items of these people that no look has met or missed yet.
SELECT DISTINCT twin.kind, twin.record_id, twin.contact_id
FROM (
    SELECT item.kind,
        CASE WHEN %(side)s = 'contacts_api' THEN item.contacts_api_id ELSE item.nimbata_id END AS record_id,
        CASE WHEN %(side)s = 'contacts_api' THEN link.contact_id ELSE link.nimbata_id END AS contact_id
    FROM link
    JOIN item ON item.consumer_id = link.consumer_id AND item.person_id = link.person_id
    WHERE link.consumer_id = ANY(%(consumers)s) AND link.state = 'open' AND item.state = 'open'
        AND item.kind = ANY(%(kinds)s) AND (
            (%(side)s = 'contacts_api' AND link.contact_id = ANY(%(contacts)s::text[]))
            OR (%(side)s = 'nimbata' AND link.nimbata_id = ANY(%(contacts)s::text[])))
) AS twin
WHERE twin.record_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM swept WHERE swept.connection_id = %(connection)s AND swept.stream = twin.kind
                    AND swept.record_id = twin.record_id)
