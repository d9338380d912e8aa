-- Linked people with both records as last seen, by the id of one side.
SELECT person_id, contact_id, nimbata_id, contact, nimbata, merge,
       EXISTS (SELECT FROM assignment
               WHERE assignment.person_id = link.person_id AND assignment.state = 'waiting') AS waits,
       EXISTS (SELECT FROM conflict WHERE conflict.person_id = link.person_id AND conflict.state = 'open') AS asked,
       seal, key, consumer_id
FROM link LEFT JOIN person ON person.id = seal
WHERE consumer_id = %(consumer)s AND state = 'open' AND nimbata IS NOT NULL AND contact_id = ANY(%(ids)s::text[])
