-- Not before its share of the quota lets it look again.
UPDATE poll SET due_at = greatest(now() + interval '1 second', (cursor ->> 'not_before')::timestamptz)
WHERE connection_id = %(connection)s AND stream = %(stream)s
  AND due_at > greatest(now() + interval '1 second', (cursor ->> 'not_before')::timestamptz)
