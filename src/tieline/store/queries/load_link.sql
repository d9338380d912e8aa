SELECT contact_id, state, generation, contact FROM link
WHERE consumer_id = %(consumer)s AND person_id = %(person)s
