INSERT INTO oauth_grant AS known (app_id, user_type, account, company, parent_id, pair, scopes, expires_at)
VALUES (%(app)s, %(user_type)s, %(account)s, %(company)s, %(parent)s, %(pair)s, %(scopes)s, %(expires)s)
ON CONFLICT (app_id, user_type, account) DO UPDATE SET pair = excluded.pair, scopes = excluded.scopes,
    company = CASE WHEN excluded.company = '' THEN known.company ELSE excluded.company END,
    parent_id = COALESCE(excluded.parent_id, known.parent_id), expires_at = excluded.expires_at,
    version = known.version + 1, refreshed_at = now(), refreshing_at = NULL
RETURNING id, app_id, user_type, account, company, parent_id, pair, scopes, expires_at, version
