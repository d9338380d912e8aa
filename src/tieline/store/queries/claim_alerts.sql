-- Alerts that are due, so many of a channel at a time: they are intents before they are sent. One whose intent ran out
-- was begun by a hub that ended.
WITH due AS (
    SELECT sending.alert_id, sending.channel_id, sending.state = 'intent' AS begun
    FROM alert_channel AS channel
    CROSS JOIN LATERAL (
        SELECT * FROM alert_sending
        WHERE channel_id = channel.id AND state IN ('waiting', 'intent') AND due_at <= now()
        ORDER BY alert_id LIMIT %(of_one)s
        FOR UPDATE SKIP LOCKED
    ) AS sending
    WHERE channel.next_try_at <= now()
    ORDER BY sending.alert_id LIMIT %(limit)s
)
UPDATE alert_sending SET state = 'intent', due_at = now() + %(lease)s
FROM due JOIN alert_channel ON alert_channel.id = due.channel_id JOIN alert ON alert.id = due.alert_id
WHERE alert_sending.alert_id = due.alert_id AND alert_sending.channel_id = due.channel_id
RETURNING alert.id, alert_channel.id, alert_channel.name, alert_channel.target, due.begun,
          alert.kind, alert.title, alert.body, alert.created_at
