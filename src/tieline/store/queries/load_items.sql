SELECT item.id, kind, nimbata_id, contacts_api_id, state, nimbata, contacts_api, merge, seal, key
FROM item LEFT JOIN person ON person.id = seal
WHERE consumer_id = %(consumer)s AND person_id = %(person)s ORDER BY item.id
