-- Everybody in any lane who is known by a phone or an e-mail of these people, except themselves.
SELECT DISTINCT other.person_id, other.lane_id
FROM person_key AS mine
JOIN person_key AS other ON other.lane_id = ANY(%(lanes)s) AND other.digest = mine.digest
WHERE mine.person_id = ANY(%(persons)s) AND mine.kind IN ('phone', 'email')
    AND other.person_id <> ALL(%(persons)s)
ORDER BY 1
