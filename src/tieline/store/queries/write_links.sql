INSERT INTO link (consumer_id, person_id, contact_id, state, generation, contact, nimbata_id, nimbata, merge, seal)
SELECT * FROM unnest(
    %(consumers)s::bigint[], %(persons)s::bigint[], %(contacts)s::text[], %(states)s::text[],
    %(generations)s::int[], %(records)s::bytea[], %(nimbata_ids)s::text[], %(nimbata)s::bytea[], %(merges)s::bytea[],
    %(seals)s::bigint[])
ON CONFLICT (consumer_id, person_id) DO UPDATE SET contact_id = excluded.contact_id, state = excluded.state,
    generation = excluded.generation, contact = excluded.contact, nimbata_id = excluded.nimbata_id,
    nimbata = excluded.nimbata, merge = excluded.merge, seal = excluded.seal, updated_at = now()
