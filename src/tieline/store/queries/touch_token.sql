UPDATE api_token SET used_at = %(now)s WHERE id = %(id)s
