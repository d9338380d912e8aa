UPDATE lane SET held_until = 'infinity', held_state = 'uninstalled', held_why = %(why)s, held_since = now()
FROM connection JOIN oauth_grant ON oauth_grant.id = connection.grant_id
WHERE lane.id = connection.lane_id AND app_id = %(app)s AND refreshed_at < %(at)s::timestamptz
  AND CASE WHEN %(location)s = '' THEN company = %(company)s ELSE oauth_grant.account = %(location)s END
RETURNING connection.name
