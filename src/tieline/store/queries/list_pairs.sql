-- Which tasks, notes and appointments of both sides are one.
SELECT kind, nimbata_id, contacts_api_id FROM item WHERE consumer_id = %(consumer)s AND person_id = %(person)s
