SELECT id, kind, nimbata_id, contacts_api_id, state, nimbata, contacts_api, merge
FROM item WHERE consumer_id = %(consumer)s AND person_id = %(person)s ORDER BY id
