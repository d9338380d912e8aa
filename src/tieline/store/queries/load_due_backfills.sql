SELECT sync.target_connection_id, backfill.kind, backfill.lane_id, backfill.failures, backfill.sync_id
FROM backfill JOIN sync ON sync.id = backfill.sync_id
WHERE backfill.lane_id = ANY(%(lanes)s) AND backfill.state = 'running' AND backfill.due_at <= now()
