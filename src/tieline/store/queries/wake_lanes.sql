-- Runs in the statement after lock_lanes, with a newer snapshot: lanes that went to rest meanwhile are woken.
UPDATE lane SET ready_at = now() WHERE id = ANY(%(lanes)s) AND ready_at > now()
RETURNING id, pg_notify('tieline_lane', id::text)
