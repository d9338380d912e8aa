-- What is kept of these people, and where.
SELECT
    (SELECT count(*) FROM person_key WHERE person_id = ANY(%(persons)s)),
    (SELECT count(*) FROM link WHERE consumer_id = ANY(%(consumers)s) AND person_id = ANY(%(persons)s)),
    (SELECT count(*) FROM item WHERE consumer_id = ANY(%(consumers)s) AND person_id = ANY(%(persons)s)),
    (SELECT count(*) FROM history WHERE person_id = ANY(%(persons)s)),
    (SELECT count(*) FROM conflict WHERE person_id = ANY(%(persons)s)),
    (SELECT count(*) FROM effect JOIN assignment USING (event_id, consumer_id)
     WHERE assignment.person_id = ANY(%(persons)s) AND effect.person_id = ANY(%(persons)s)),
    (SELECT count(DISTINCT event_id) FROM assignment WHERE person_id = ANY(%(persons)s)),
    (SELECT count(*) FROM assignment WHERE person_id = ANY(%(persons)s) AND state = 'waiting'),
    (SELECT count(*) FROM own_item WHERE connection_id = ANY(%(connections)s) AND person = ANY(%(owners)s))
