SELECT id, app_id, user_type, account, company, parent_id, pair, scopes, expires_at, version
FROM oauth_grant WHERE id = %(id)s FOR UPDATE
