-- The person in each of these syncs.
SELECT consumer_id, contact_id, nimbata_id, state, contact, nimbata, merge, updated_at, seal, key FROM link
LEFT JOIN person ON person.id = seal
WHERE consumer_id = ANY(%(consumers)s) AND person_id = %(person)s ORDER BY consumer_id
