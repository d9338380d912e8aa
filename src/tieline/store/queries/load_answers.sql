-- What was answered about a person, oldest first.
SELECT details, choice, seal, person.key, conflict.key
FROM conflict LEFT JOIN person ON person.id = seal
WHERE person_id = %(person)s AND consumer_id = %(consumer)s AND state = 'settled'
ORDER BY settled_at, conflict.id
