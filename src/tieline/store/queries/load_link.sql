SELECT contact_id, state, generation, contact, nimbata_id, nimbata, merge, seal, key FROM link
LEFT JOIN person ON person.id = seal
WHERE consumer_id = %(consumer)s AND person_id = %(person)s
