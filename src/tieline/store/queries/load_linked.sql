-- Who of these is linked on both sides, by the ids of one side.
SELECT CASE WHEN %(side)s = 'contacts_api' THEN contact_id ELSE nimbata_id END FROM link
WHERE consumer_id = %(consumer)s AND state = 'open' AND nimbata_id IS NOT NULL AND (
    (%(side)s = 'contacts_api' AND contact_id = ANY(%(ids)s::text[]))
    OR (%(side)s = 'nimbata' AND nimbata_id = ANY(%(ids)s::text[])))
