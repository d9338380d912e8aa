SELECT contact_id, nimbata_id FROM link
WHERE consumer_id = %(consumer)s AND state = 'open' AND nimbata IS NOT NULL ORDER BY random() LIMIT %(limit)s
