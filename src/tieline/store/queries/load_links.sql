-- The person in each of these syncs.
SELECT consumer_id, contact_id, nimbata_id, state, contact, nimbata, merge, updated_at FROM link
WHERE consumer_id = ANY(%(consumers)s) AND person_id = %(person)s ORDER BY consumer_id
