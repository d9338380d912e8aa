INSERT INTO link (consumer_id, person_id, contact_id, state, generation, contact)
SELECT * FROM unnest(
    %(consumers)s::bigint[], %(persons)s::bigint[], %(contacts)s::text[], %(states)s::text[],
    %(generations)s::int[], %(records)s::bytea[])
ON CONFLICT (consumer_id, person_id) DO UPDATE SET contact_id = excluded.contact_id, state = excluded.state,
    generation = excluded.generation, contact = excluded.contact, updated_at = now()
