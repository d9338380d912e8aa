-- A page of the people who are linked on both sides, by the CRM's id: of all, or of some.
SELECT person_id, contact_id, nimbata_id,
       EXISTS (SELECT FROM assignment
               WHERE assignment.person_id = link.person_id AND assignment.state = 'waiting') AS waits
FROM link
WHERE consumer_id = %(consumer)s AND state = 'open' AND nimbata_id IS NOT NULL
    AND (%(ids)s::text[] IS NULL OR contact_id = ANY(%(ids)s::text[])) AND contact_id > %(after)s
ORDER BY contact_id LIMIT %(limit)s
