-- Who the keys belong to, with the link, what the person waits for, and whether an effect of theirs is open.
SELECT wanted.lane_id, wanted.digest, wanted.consumer_id, known.person_id,
       link.contact_id, link.state, link.generation, link.contact,
       -- Until its oldest event may go on; those behind it may have fallen due before, and do not overtake it.
       (SELECT due_at FROM assignment
        WHERE assignment.person_id = known.person_id AND assignment.state = 'waiting'
        ORDER BY event_id LIMIT 1) AS waits_until,
       EXISTS (SELECT FROM effect
               WHERE effect.person_id = known.person_id AND effect.state IN ('intent', 'unknown')) AS open_effects,
       link.nimbata_id, link.nimbata, link.merge, link.seal, person.key
FROM unnest(%(lanes)s::bigint[], %(digests)s::bytea[], %(consumers)s::bigint[]) AS wanted (lane_id, digest, consumer_id)
JOIN person_key AS known USING (lane_id, digest)
LEFT JOIN link ON link.consumer_id = wanted.consumer_id AND link.person_id = known.person_id
LEFT JOIN person ON person.id = link.seal
