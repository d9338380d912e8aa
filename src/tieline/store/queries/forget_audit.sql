DELETE FROM audit_entry WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM audit_entry WHERE at < now() - make_interval(days => (SELECT keep_days FROM audit_keeping))
    ORDER BY at LIMIT 10000))
