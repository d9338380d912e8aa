-- What was answered about a person, oldest first.
SELECT details, choice FROM conflict
WHERE person_id = %(person)s AND consumer_id = %(consumer)s AND state = 'settled'
ORDER BY settled_at, id
