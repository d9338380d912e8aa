INSERT INTO audit_entry (actor_kind, actor, address, action, subject, before, after)
VALUES (%(kind)s, %(actor)s, %(address)s, %(action)s, %(subject)s, %(before)s, %(after)s)
