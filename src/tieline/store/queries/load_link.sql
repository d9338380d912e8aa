SELECT contact_id, state, generation, contact, nimbata_id, nimbata, merge FROM link
WHERE consumer_id = %(consumer)s AND person_id = %(person)s
