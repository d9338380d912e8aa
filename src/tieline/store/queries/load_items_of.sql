-- All items of these people, those that are gone among them.
SELECT person_id, kind, nimbata_id, contacts_api_id, state, nimbata, contacts_api, merge, item.updated_at, item.id,
       seal, key
FROM item LEFT JOIN person ON person.id = seal
WHERE consumer_id = %(consumer)s AND person_id = ANY(%(persons)s::bigint[]) ORDER BY item.id
