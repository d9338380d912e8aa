INSERT INTO item (id, consumer_id, person_id, kind, nimbata_id, contacts_api_id, state, nimbata, contacts_api, merge,
                  seal)
SELECT * FROM unnest(
    %(ids)s::bigint[], %(consumers)s::bigint[], %(persons)s::bigint[], %(kinds)s::text[], %(nimbata_ids)s::text[],
    %(contacts_api_ids)s::text[], %(states)s::text[], %(nimbata)s::bytea[], %(contacts_api)s::bytea[],
    %(merges)s::bytea[], %(seals)s::bigint[])
ON CONFLICT (id) DO UPDATE SET person_id = excluded.person_id, nimbata_id = excluded.nimbata_id,
    contacts_api_id = excluded.contacts_api_id, state = excluded.state, nimbata = excluded.nimbata,
    contacts_api = excluded.contacts_api, merge = excluded.merge, seal = excluded.seal, updated_at = now()
