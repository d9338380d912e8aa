SELECT id, app_id, user_type, account, company, parent_id, pair, scopes, expires_at, version
FROM oauth_grant WHERE %(id)s::bigint IS NULL OR id = %(id)s ORDER BY id
